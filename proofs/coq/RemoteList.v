(** The list of blocks on their way to an owner (impl/slabproof/remote_list.h): any
    number of remotes push chains, and one owner takes all or closes.

    Memory is the word of the list and a link in each block.  One step is one access
    to the word, or what a thread does to blocks that are its own; between the read
    of the word and the compare-exchange of a push anything can happen.

    What is modelled: chains, the guess and its failure (a weak exchange may also
    fail for no reason), take, close, the owner's walk along the links, blocks that
    are handed out again, freed again and pushed again, and blocks given back after
    the close.
    What is not: memory orders.  Memory is sequentially consistent here; that
    release and acquire are enough is the model checker's business
    (//tests/checker:slab_owner_checked_test).  Nor pointers that are not blocks of
    the owner, or are given back twice, nor when the memory goes. *)
From stdpp Require Import functions prelude list list_numbers.
From slabproof Require Import Segment.

(** What the word, and each link, holds. *)
Inductive pointer :=
  | Null
  | To (b : nat)
  | Closed.   (** the word of a closed list; no link ever holds it *)

#[global] Instance pointer_eq_dec : EqDecision pointer.
Proof. solve_decision. Defined.

Definition first_of (chain : list nat) : pointer :=
  match chain with [] => Null | b :: _ => To b end.

(** A push stands between its read of the word and its exchange. *)
Inductive pushing := Resting | Guessed (guess : pointer).

Record remote := Remote {
  gathered : list nat;     (** the remote's chain, the newest first *)
  push_phase : pushing
}.

Record remote_state := RemoteState {
  word : pointer;
  link : nat → pointer;
  remotes : list remote;
  walk : pointer;          (** where the owner is in what it took; Null at its end *)
  in_use : list nat        (** blocks that are in no chain and no list: live or free *)
}.

Inductive remote_event :=
  | Gather (t b : nat)                 (** a remote is given a block *)
  | Guess (t : nat)                    (** reads the word, and links its chain to it *)
  | Push (t : nat) (chain : list nat)  (** the exchange succeeds *)
  | Retry (t : nat)                    (** the exchange fails, and has read the word *)
  | SeeClosed (t : nat)                (** the word is the mark: the chain stays *)
  | TakeBack (t b : nat)               (** the caller gets a block of the chain back *)
  | Take                               (** the owner takes all *)
  | Close
  | Reclaim (b : nat).                 (** the owner goes one block further *)

(** The chain's last link leads to [p]. *)
Definition lead_to (chain : list nat) (p : pointer) (next : nat → pointer) : nat → pointer :=
  match list.last chain with Some b => <[b := p]> next | None => next end.

Inductive remote_step : remote_state → remote_event → remote_state → Prop :=
  | step_gather w n rs v u u' t r b :
      rs !! t = Some r → push_phase r = Resting → u ≡ₚ b :: u' →
      remote_step (RemoteState w n rs v u) (Gather t b)
        (RemoteState w (<[b := first_of (gathered r)]> n)
          (<[t := Remote (b :: gathered r) Resting]> rs) v u')
  | step_guess w n rs v u t r :
      rs !! t = Some r → push_phase r = Resting → gathered r ≠ [] → w ≠ Closed →
      remote_step (RemoteState w n rs v u) (Guess t)
        (RemoteState w (lead_to (gathered r) w n)
          (<[t := Remote (gathered r) (Guessed w)]> rs) v u)
  | step_push w n rs v u t r :
      rs !! t = Some r → push_phase r = Guessed w →
      remote_step (RemoteState w n rs v u) (Push t (gathered r))
        (RemoteState (first_of (gathered r)) n (<[t := Remote [] Resting]> rs) v u)
  | step_retry w n rs v u t r g :
      rs !! t = Some r → push_phase r = Guessed g → w ≠ Closed →
      remote_step (RemoteState w n rs v u) (Retry t)
        (RemoteState w (lead_to (gathered r) w n)
          (<[t := Remote (gathered r) (Guessed w)]> rs) v u)
  | step_see_closed n rs v u t r :
      rs !! t = Some r →
      remote_step (RemoteState Closed n rs v u) (SeeClosed t)
        (RemoteState Closed n (<[t := Remote (gathered r) Resting]> rs) v u)
  | step_take_back w n rs v u t r b chain :
      rs !! t = Some r → push_phase r = Resting → gathered r = b :: chain →
      remote_step (RemoteState w n rs v u) (TakeBack t b)
        (RemoteState w n (<[t := Remote chain Resting]> rs) v (b :: u))
  | step_take w n rs u :
      w ≠ Closed →
      remote_step (RemoteState w n rs Null u) Take (RemoteState Null n rs w u)
  | step_close w n rs u :
      w ≠ Closed →
      remote_step (RemoteState w n rs Null u) Close (RemoteState Closed n rs w u)
  | step_reclaim w n rs v u b :
      v = To b →
      remote_step (RemoteState w n rs v u) (Reclaim b) (RemoteState w n rs (n b) (b :: u)).

(** All blocks are in use or free at first, and the list is empty. *)
Definition initial_remote (s : remote_state) : Prop :=
  word s = Null ∧ walk s = Null ∧ NoDup (in_use s) ∧
  ∀ t r, remotes s !! t = Some r → r = Remote [] Resting.

Inductive remote_exec (s0 : remote_state) : list remote_event → remote_state → Prop :=
  | remote_exec_initial : initial_remote s0 → remote_exec s0 [] s0
  | remote_exec_step tr s e s' :
      remote_exec s0 tr s → remote_step s e s' → remote_exec s0 (tr ++ [e]) s'.

(** ** What memory says *)

(** [path n p l q]: from [p] the links lead through the blocks [l] to [q]. *)
Fixpoint path (n : nat → pointer) (p : pointer) (l : list nat) (q : pointer) : Prop :=
  match l with [] => p = q | b :: l => p = To b ∧ path n (n b) l q end.

(** The blocks that are in the list, as whoever takes it would find them. *)
Definition in_list (s : remote_state) (l : list nat) : Prop :=
  match word s with Closed => l = [] | w => path (link s) w l Null end.
(** What the owner took and has not reclaimed yet. *)
Definition in_walk (s : remote_state) (l : list nat) : Prop := path (link s) (walk s) l Null.

(** Times that a block was given to a remote, pushed, reclaimed, given back. *)
Definition once (b c : nat) : nat := if decide (b = c) then 1 else 0.
Definition among (b : nat) (l : list nat) : nat := sum_list_with (once b) l.
Definition gathers (b : nat) (e : remote_event) : nat :=
  match e with Gather _ c => once b c | _ => 0 end.
Definition pushes (b : nat) (e : remote_event) : nat :=
  match e with Push _ chain => among b chain | _ => 0 end.
Definition reclaims (b : nat) (e : remote_event) : nat :=
  match e with Reclaim c => once b c | _ => 0 end.
Definition returns (b : nat) (e : remote_event) : nat :=
  match e with TakeBack _ c => once b c | _ => 0 end.
Definition total (f : remote_event → nat) (tr : list remote_event) : nat := sum_list_with f tr.

Definition in_chains (s : remote_state) : list nat := concat (gathered <$> remotes s).

(** ** Paths *)
Lemma path_app n p k l q : path n p (k ++ l) q ↔ ∃ m, path n p k m ∧ path n m l q.
Proof.
  revert p. induction k as [|b k IH]; intros p; simpl.
  - split; [by exists p|]. by intros (m & -> & ?).
  - rewrite IH. naive_solver.
Qed.

Lemma path_frame n n' p l q : (∀ b, b ∈ l → n' b = n b) → path n p l q → path n' p l q.
Proof.
  revert p. induction l as [|b l IH]; intros p Hsame; simpl; [done|].
  intros [-> Hl]. split; [done|]. rewrite Hsame by set_solver.
  apply IH; [|done]. intros c Hc. apply Hsame. set_solver.
Qed.

Lemma path_unique n p l l' : path n p l Null → path n p l' Null → l = l'.
Proof.
  revert p l'. induction l as [|b l IH]; intros p [|c l']; simpl.
  - done.
  - by intros -> [? _].
  - by intros [-> _].
  - intros [-> Hl] [? Hl']. simplify_eq. f_equal. by eapply IH.
Qed.

Lemma lead_to_other chain p n b : b ∉ chain → lead_to chain p n b = n b.
Proof.
  intros Hb. unfold lead_to. destruct (list.last chain) as [c|] eqn:Hc; [|done].
  apply last_Some_elem_of in Hc. apply fn_lookup_insert_ne. intros ->. done.
Qed.

Lemma path_lead_to n p chain q :
  chain ≠ [] → NoDup chain → path n (first_of chain) chain q →
  path (lead_to chain p n) (first_of chain) chain p.
Proof.
  intros Hne. destruct chain as [|b k _] using rev_ind; [done|]. clear Hne.
  intros Hnd. apply NoDup_app in Hnd as (_ & Hdisj & _).
  rewrite !path_app. intros (m & Hk & [-> _]). exists (To b).
  split.
  - eapply path_frame; [|done]. intros c Hc. unfold lead_to. rewrite last_snoc.
    apply fn_lookup_insert_ne. intros ->. by apply (Hdisj c Hc), elem_of_list_singleton.
  - simpl. split; [done|]. unfold lead_to. rewrite last_snoc. apply fn_lookup_insert.
Qed.

(** ** Counting *)
Lemma among_app b l k : among b (l ++ k) = among b l + among b k.
Proof. apply sum_list_with_app. Qed.

Lemma among_permuted b l k : l ≡ₚ k → among b l = among b k.
Proof. unfold among. induction 1; simpl; lia. Qed.

Lemma among_NoDup b l : NoDup l → among b l = if decide (b ∈ l) then 1 else 0.
Proof.
  unfold among, once. induction 1 as [|c l Hc Hnd IH]; simpl; [done|]. rewrite IH.
  repeat case_decide; set_solver.
Qed.

Lemma total_snoc f tr e : total f (tr ++ [e]) = total f tr + f e.
Proof. unfold total. rewrite sum_list_with_app. simpl. lia. Qed.

(** One remote's chain, and all the others. *)
Lemma chains_split (rs : list remote) t r :
  rs !! t = Some r →
  ∃ rest, (∀ r', concat (gathered <$> <[t := r']> rs) ≡ₚ gathered r' ++ rest) ∧
    (∀ u r', u ≠ t → rs !! u = Some r' → gathered r' ⊆ rest).
Proof.
  revert t. induction rs as [|x rs IH]; intros [|t] Hr; simplify_eq/=.
  - exists (concat (gathered <$> rs)). split; [done|]. intros [|u] r' Hu Hr'; [done|]. simpl in Hr'.
    clear -Hr'. revert u Hr'. induction rs as [|y rs IH]; intros [|u] Hr'; simplify_eq/=.
    + set_solver.
    + specialize (IH u Hr'). set_solver.
  - destruct (IH t Hr) as (rest & Hperm & Hsub). exists (gathered x ++ rest). split.
    + intros r'. rewrite Hperm. solve_Permutation.
    + intros [|u] r' Hu Hr'; simplify_eq/=; [set_solver|].
      specialize (Hsub u r' ltac:(lia) Hr'). set_solver.
Qed.

(** ** The invariant *)
Record remote_ok (s : remote_state) (l w : list nat) : Prop := {
  remote_list : in_list s l;
  remote_walk : in_walk s w;
  remote_chains : ∀ t r, remotes s !! t = Some r →
    ∃ q, path (link s) (first_of (gathered r)) (gathered r) q ∧
      ∀ g, push_phase r = Guessed g → q = g ∧ gathered r ≠ [] ∧ g ≠ Closed;
  remote_nodup : NoDup (l ++ w ++ in_use s ++ in_chains s)
}.

(** What each step does to what is in the list and what is being walked: a push puts
    its chain before what is there at that moment, a take or a close takes all. *)
Definition list_after (e : remote_event) (l w l' w' : list nat) : Prop :=
  match e with
  | Push _ chain => l' = chain ++ l ∧ w' = w
  | Take | Close => w = [] ∧ l' = [] ∧ w' = l
  | Reclaim b => l' = l ∧ w = b :: w'
  | _ => l' = l ∧ w' = w
  end.

Lemma in_list_open s l : word s ≠ Closed → in_list s l ↔ path (link s) (word s) l Null.
Proof. unfold in_list. by destruct (word s). Qed.

Lemma in_list_frame w n n' rs rs' v v' u u' l :
  (∀ b, b ∈ l → n' b = n b) → in_list (RemoteState w n rs v u) l →
  in_list (RemoteState w n' rs' v' u') l.
Proof. unfold in_list; simpl. intros Hsame. destruct w; [by apply path_frame..|done]. Qed.

(** A remote links its chain to another block: nobody else's path changes. *)
Lemma relinked w n rs v u t r l k :
  remote_ok (RemoteState w n rs v u) l k → rs !! t = Some r → gathered r ≠ [] → w ≠ Closed →
  remote_ok (RemoteState w (lead_to (gathered r) w n)
    (<[t := Remote (gathered r) (Guessed w)]> rs) v u) l k.
Proof.
  intros [Hl Hw Hchains Hnd] Hr Hne Hwd. unfold in_walk, in_chains in *. simpl in *.
  destruct (chains_split _ _ _ Hr) as (rest & Hperm & Hsub).
  pose proof (Hperm r) as Hold. rewrite list_insert_id in Hold by done. rewrite Hold in Hnd.
  assert (NoDup (gathered r) ∧ ∀ b, b ∈ gathered r → b ∉ l ∧ b ∉ k ∧ b ∉ rest) as [Hndr Hdisj].
  { assert (NoDup (gathered r ++ l ++ k ++ u ++ rest)) as (Hndr & Hdisj & _)%NoDup_app.
    { eapply NoDup_Permutation_proper; [|done]. solve_Permutation. }
    split; [done|]. intros b Hb. specialize (Hdisj b Hb). rewrite !elem_of_app in Hdisj. tauto. }
  constructor; simpl.
  - eapply in_list_frame; [|done]. intros b Hb. apply lead_to_other. naive_solver.
  - unfold in_walk; simpl. eapply path_frame; [|done].
    intros b Hb. apply lead_to_other. naive_solver.
  - intros v' r' Hr'. apply list_lookup_insert_Some in Hr' as [(<- & <- & _)|[Hv' Hr']]; simpl.
    + destruct (Hchains t r Hr) as (q & Hq & _). exists w. split.
      * by eapply path_lead_to.
      * intros g Hg. by simplify_eq.
    + destruct (Hchains v' r' Hr') as (q & Hq & Hg). exists q. split; [|done].
      eapply path_frame; [|done]. intros b Hb. apply lead_to_other. intros Hb'.
      destruct (Hdisj b Hb') as (_ & _ & Hb''). apply Hb''. by apply (Hsub v' r').
  - unfold in_chains; simpl. by rewrite Hperm.
Qed.

Lemma remote_step_ok s e s' l w :
  remote_ok s l w → remote_step s e s' →
  ∃ l' w', remote_ok s' l' w' ∧ list_after e l w l' w'.
Proof.
  intros Hok Hstep. pose proof Hok as [Hl Hw Hchains Hnd]. unfold in_walk, in_chains in *.
  destruct Hstep as [wd n rs v u u' t r b Hr Hp Hu
    |wd n rs v u t r Hr Hp Hne Hwd
    |wd n rs v u t r Hr Hp
    |wd n rs v u t r g Hr Hp Hwd
    |n rs v u t r Hr
    |wd n rs v u t r b chain Hr Hp Hg
    |wd n rs u Hwd
    |wd n rs u Hwd
    |wd n rs v u b Hv]; simpl in *;
    try (destruct (chains_split _ _ _ Hr) as (rest & Hperm & Hsub);
      pose proof (Hperm r) as Hold; rewrite list_insert_id in Hold by done);
    try (rewrite Hold in Hnd).
  - exists l, w. split; [|done]. rewrite Hu in Hnd.
    assert (b ∉ l ∧ b ∉ w ∧ b ∉ gathered r ∧ b ∉ rest) as (Hbl & Hbw & Hbr & Hbo).
    { assert (NoDup (b :: l ++ w ++ u' ++ gathered r ++ rest)) as [Hb _]%NoDup_cons.
      { eapply NoDup_Permutation_proper; [|done]. solve_Permutation. }
      rewrite !elem_of_app in Hb. tauto. }
    assert (∀ k : list nat, b ∉ k → ∀ c, c ∈ k → <[b:=first_of (gathered r)]> n c = n c) as Hframe.
    { intros k Hk c Hc. apply fn_lookup_insert_ne. congruence. }
    constructor; simpl.
    + eapply in_list_frame; [|done]. by apply Hframe.
    + unfold in_walk; simpl. eapply path_frame; [|done]. by apply Hframe.
    + intros v' r' Hr'. apply list_lookup_insert_Some in Hr' as [(<- & <- & _)|[Hv' Hr']]; simpl.
      * destruct (Hchains t r Hr) as (q & Hq & _). exists q. split; [|done].
        split; [done|]. rewrite fn_lookup_insert. eapply path_frame; [|done]. by apply Hframe.
      * destruct (Hchains v' r' Hr') as (q & Hq & Hg). exists q. split; [|done].
        eapply path_frame; [|done]. apply Hframe. intros Hb. apply Hbo.
        by apply (Hsub v' r').
    + unfold in_chains; simpl. rewrite Hperm. simpl.
      eapply NoDup_Permutation_proper; [|done]. solve_Permutation.
  - exists l, w. split; [|done]. by apply relinked.
  - exists (gathered r ++ l), w. split; [|done].
    destruct (Hchains t r Hr) as (q & Hq & Hg). destruct (Hg _ Hp) as (-> & Hne & Hwd).
    constructor; simpl.
    + apply in_list_open; simpl; [by destruct (gathered r)|].
      apply path_app. exists wd. split; [done|]. by apply in_list_open in Hl.
    + done.
    + intros v' r' Hr'. apply list_lookup_insert_Some in Hr' as [(<- & <- & _)|[Hv' Hr']];
        [by exists Null|by apply (Hchains v')].
    + unfold in_chains; simpl. rewrite Hperm. simpl.
      eapply NoDup_Permutation_proper; [|done]. solve_Permutation.
  - exists l, w. split; [|done]. apply relinked; try done.
    by destruct (Hchains t r Hr) as (q & _ & (_ & ? & _)%(λ H, H g Hp)).
  - exists l, w. split; [|done]. constructor; simpl; [done|done| |].
    + intros v' r' Hr'. apply list_lookup_insert_Some in Hr' as [(<- & <- & _)|[Hv' Hr']];
        [|by apply (Hchains v')].
      destruct (Hchains t r Hr) as (q & Hq & _). by exists q.
    + unfold in_chains; simpl. by rewrite Hperm.
  - exists l, w. split; [|done]. rewrite Hg in Hnd. constructor; simpl; [done|done| |].
    + intros v' r' Hr'. apply list_lookup_insert_Some in Hr' as [(<- & <- & _)|[Hv' Hr']];
        [|by apply (Hchains v')].
      destruct (Hchains t r Hr) as (q & Hq & _). rewrite Hg in Hq. destruct Hq as [_ Hq]. simpl.
      destruct chain as [|c chain]; [by exists Null|]. exists q. split; [|done].
      destruct Hq as [_ Hq]. by split.
    + unfold in_chains; simpl. rewrite Hperm. simpl.
      eapply NoDup_Permutation_proper; [|done]. solve_Permutation.
  - assert (w = []) as -> by (destruct w; [done|by destruct Hw]).
    exists [], l. split; [|done]. constructor; simpl; try done. by apply in_list_open in Hl.
  - assert (w = []) as -> by (destruct w; [done|by destruct Hw]).
    exists [], l. split; [|done]. constructor; simpl; try done. by apply in_list_open in Hl.
  - destruct w as [|c w]; [by simplify_eq/=|]. destruct Hw as [Hc Hw].
    assert (c = b) as -> by congruence. exists l, w. split; [|done]. constructor; simpl; try done.
    eapply NoDup_Permutation_proper; [|done]. unfold in_chains; simpl. solve_Permutation.
Qed.

Lemma remote_exec_ok s0 tr s :
  remote_exec s0 tr s → ∃ l w, remote_ok s l w ∧
    ∀ b, total (pushes b) tr = total (reclaims b) tr + among b (l ++ w) ∧
      total (gathers b) tr = total (pushes b) tr + total (returns b) tr + among b (in_chains s).
Proof.
  induction 1 as [Hinit|tr s e s' _ (l & w & Hok & Hcount) Hstep].
  - destruct Hinit as (Hw & Hv & Hnd & Hrs).
    assert (in_chains s0 = []) as Hnone.
    { unfold in_chains. revert Hrs. induction (remotes s0) as [|r rs IH]; intros Hrs; [done|].
      simpl. rewrite (Hrs 0 r eq_refl). apply IH. intros t r'. apply (Hrs (S t)). }
    exists [], []. split.
    + constructor; simpl.
      * unfold in_list. by rewrite Hw.
      * done.
      * intros t r ->%Hrs. by exists Null.
      * by rewrite Hnone, app_nil_r.
    + intros b. by rewrite Hnone.
  - destruct (remote_step_ok _ _ _ _ _ Hok Hstep) as (l' & w' & Hok' & Hafter).
    exists l', w'. split; [done|]. intros b. destruct (Hcount b) as [Hpushed Hgathered].
    rewrite !total_snoc. clear Hok Hok' Hcount. unfold in_chains in *.
    destruct Hstep as [wd n rs v u u' t r c Hr Hp Hu
      |wd n rs v u t r Hr Hp Hne Hwd
      |wd n rs v u t r Hr Hp
      |wd n rs v u t r g Hr Hp Hwd
      |n rs v u t r Hr
      |wd n rs v u t r c chain Hr Hp Hg
      |wd n rs u Hwd
      |wd n rs u Hwd
      |wd n rs v u c Hv]; simpl in *;
      try (destruct (chains_split _ _ _ Hr) as (rest & Hperm & _);
        pose proof (Hperm r) as Hold; rewrite list_insert_id in Hold by done;
        rewrite (among_permuted _ _ _ Hold) in Hgathered;
        rewrite (among_permuted _ _ _ (Hperm _)); rewrite among_app in Hgathered |- *; simpl);
      destruct_and?; subst; rewrite ?among_app in *; simpl in *; try lia;
      try (rewrite Hg in Hgathered; simpl in Hgathered); lia.
Qed.

(** What is in the list, and what is being walked, are what memory says: no other
    lists fit. *)
Lemma remote_ok_unique s l w l' w' :
  remote_ok s l w → in_list s l' → in_walk s w' → l' = l ∧ w' = w.
Proof.
  intros [Hl Hw _ _] Hl' Hw'. split; [|by eapply path_unique].
  unfold in_list in *. destruct (word s); [by eapply path_unique..|by subst].
Qed.
