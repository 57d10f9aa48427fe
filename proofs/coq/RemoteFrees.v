(** Each block that remotes free is reclaimed once (R1), a close loses none (R2), and
    no ABA can happen to the list (R4): for any number of remotes, chains of any
    length and any execution on a sequentially consistent memory. *)
From stdpp Require Import functions prelude list list_numbers.
From slabproof Require Import Segment RemoteList.

Section properties.
  Context (s0 : remote_state).
  Local Notation exec := (remote_exec s0).

  (** ** R4: what a push and a take do *)

  (** In any execution, each access to the word does to the list what it should do at
      that moment, and nothing else changes the list: a sequential stack of blocks,
      each operation at one point. *)
  Theorem R4_linearizable tr s e s' l w :
    exec tr s → remote_step s e s' → in_list s l → in_walk s w →
    ∃ l' w', in_list s' l' ∧ in_walk s' w' ∧ list_after e l w l' w'.
  Proof.
    intros Hexec Hstep Hl Hw. destruct (remote_exec_ok _ _ _ Hexec) as (l0 & w0 & Hok & _).
    destruct (remote_ok_unique _ _ _ _ _ Hok Hl Hw) as [-> ->].
    destruct (remote_step_ok _ _ _ _ _ Hok Hstep) as (l' & w' & [] & Hafter).
    by exists l', w'.
  Qed.

  (** A push that succeeds puts its chain before what the list is at the exchange,
      whatever left and came back since it read the word. *)
  Theorem R4_push_is_right tr s t chain s' l :
    exec tr s → remote_step s (Push t chain) s' → in_list s l → in_list s' (chain ++ l).
  Proof.
    intros Hexec Hstep Hl. destruct (remote_exec_ok _ _ _ Hexec) as (l0 & w & [_ Hw _ _] & _).
    by destruct (R4_linearizable _ _ _ _ _ _ Hexec Hstep Hl Hw) as (? & ? & ? & _ & -> & _).
  Qed.

  (** ** R1 *)

  (** Each block was pushed as often as it was reclaimed, and once more while it is in
      the list or in what the owner is walking; it is in one of them at most, once. *)
  Theorem R1_reclaimed_once tr s l w b :
    exec tr s → in_list s l → in_walk s w →
    NoDup (l ++ w) ∧
    total (pushes b) tr = total (reclaims b) tr + if decide (b ∈ l ++ w) then 1 else 0.
  Proof.
    intros Hexec Hl Hw. destruct (remote_exec_ok _ _ _ Hexec) as (l0 & w0 & Hok & Hcount).
    destruct (remote_ok_unique _ _ _ _ _ Hok Hl Hw) as [-> ->].
    destruct Hok as [_ _ _ Hnd]. rewrite app_assoc in Hnd. apply NoDup_app in Hnd as (Hnd & _).
    split; [done|]. rewrite <-among_NoDup by done. apply Hcount.
  Qed.

  (** And the owner, who needs no other thread for it, can reclaim all it took. *)
  Theorem R1_walk_ends tr s :
    exec tr s → ∃ w s', in_walk s w ∧ exec (tr ++ (Reclaim <$> w)) s' ∧ walk s' = Null ∧
      word s' = word s ∧ remotes s' = remotes s.
  Proof.
    intros Hexec. destruct (remote_exec_ok _ _ _ Hexec) as (l & w & [_ Hw _ _] & _).
    exists w. clear l. revert tr s Hexec Hw. induction w as [|b w IH]; intros tr s Hexec Hw.
    { exists s. simpl. by rewrite app_nil_r. }
    destruct Hw as [Hv Hw]. destruct s as [wd n rs v u]. simpl in *.
    assert (exec (tr ++ [Reclaim b]) (RemoteState wd n rs (n b) (b :: u))) as Hexec'.
    { econstructor; [done|]. by constructor. }
    destruct (IH _ _ Hexec') as (s' & _ & Hexec'' & ? & ? & ?); [done|].
    exists s'. split_and!; [by split| |done..]. by rewrite <-app_assoc in Hexec''.
  Qed.

  (** ** R2 *)

  (** A closed list stays closed, and no push succeeds on it. *)
  Theorem R2_closed_for_ever tr s e s' :
    exec tr s → remote_step s e s' → word s = Closed →
    word s' = Closed ∧ ∀ t chain, e ≠ Push t chain.
  Proof.
    intros Hexec Hstep Hclosed. destruct (remote_exec_ok _ _ _ Hexec) as (l & w & [_ _ Hc _] & _).
    destruct Hstep; simpl in *; try done. subst w0.
    destruct (Hc _ _ H) as (q & _ & Hg). by destruct (Hg _ H0) as (_ & _ & ?).
  Qed.

  (** Each block that was given to a remote is in its chain still, or in the list, or
      taken, or was reclaimed or given back, once for each time it was given. *)
  Theorem R2_none_is_lost tr s l w b :
    exec tr s → in_list s l → in_walk s w →
    total (gathers b) tr = total (reclaims b) tr + total (returns b) tr +
      if decide (b ∈ l ++ w ++ in_chains s) then 1 else 0.
  Proof.
    intros Hexec Hl Hw. destruct (remote_exec_ok _ _ _ Hexec) as (l0 & w0 & Hok & Hcount).
    destruct (remote_ok_unique _ _ _ _ _ Hok Hl Hw) as [-> ->].
    destruct Hok as [_ _ _ Hnd]. destruct (Hcount b) as [Hpushed Hgathered].
    assert (NoDup (l0 ++ w0 ++ in_chains s)) as Hnd'.
    { assert (NoDup (in_use s ++ l0 ++ w0 ++ in_chains s)) as Hall.
      { eapply NoDup_Permutation_proper; [|done]. solve_Permutation. }
      by apply NoDup_app in Hall as (_ & _ & ?). }
    rewrite <-among_NoDup by done. rewrite !among_app in *. lia.
  Qed.

  (** After the close and the owner's walk: reclaimed, or given back, or in the chain
      of a remote, from which the next theorem takes it. *)
  Theorem R2_close_loses_none tr s b :
    exec tr s → word s = Closed → walk s = Null →
    total (gathers b) tr = total (reclaims b) tr + total (returns b) tr +
      if decide (b ∈ in_chains s) then 1 else 0.
  Proof.
    intros Hexec Hclosed Hwalk. apply (R2_none_is_lost _ _ [] []); [done| |done].
    unfold in_list. by rewrite Hclosed.
  Qed.

  (** Once the list is closed, a remote that comes to it gets its blocks back. *)
  Theorem R2_chain_is_given_back tr s t r b chain :
    exec tr s → word s = Closed → remotes s !! t = Some r → gathered r = b :: chain →
    ∃ s', exec (tr ++ [SeeClosed t; TakeBack t b]) s' ∧
      remotes s' = <[t := Remote chain Resting]> (remotes s).
  Proof.
    intros Hexec Hclosed Hr Hg. destruct s as [wd n rs v u]. simpl in *. subst wd.
    pose proof (lookup_lt_Some _ _ _ Hr).
    set (s1 := RemoteState Closed n (<[t := Remote (b :: chain) Resting]> rs) v u).
    assert (exec (tr ++ [SeeClosed t]) s1) as Hexec1.
    { econstructor; [done|]. unfold s1. rewrite <-Hg. by constructor. }
    exists (RemoteState Closed n (<[t := Remote chain Resting]> rs) v (b :: u)). split; [|done].
    change [SeeClosed t; TakeBack t b] with ([SeeClosed t] ++ [TakeBack t b]).
    rewrite app_assoc. econstructor; [done|]. unfold s1.
    rewrite <-(list_insert_insert rs t (Remote chain Resting) (Remote (b :: chain) Resting)).
    eapply step_take_back; [by apply list_lookup_insert|done|done].
  Qed.
End properties.

(** ** R4: the head does come back *)

(** Between a remote's read of the word and its exchange, the block at the head can be
    taken, reclaimed, handed out, freed and pushed again.  The exchange then succeeds,
    and the list is right. *)
Theorem R4_head_can_come_back :
  ∃ s0 tr1 tr2 s1 s2, remote_exec s0 (tr1 ++ [Guess 1]) s1 ∧
    remote_exec s0 (tr1 ++ [Guess 1] ++ tr2 ++ [Push 1 [1]]) s2 ∧
    word s1 = To 0 ∧ Reclaim 0 ∈ tr2 ∧ Push 0 [0] ∈ tr2 ∧ in_list s2 [1; 0].
Proof.
  set (rest := Remote [] Resting). set (n := λ _ : nat, Null).
  set (s0 := RemoteState Null n [rest; rest] Null [0; 1]).
  assert (remote_exec s0 [] s0) as H.
  { constructor. split_and!; [done|done| |].
    - simpl. apply NoDup_cons. split; [set_solver|apply NoDup_singleton].
    - by intros [|[|t]] r; simpl; intros; simplify_eq. }
  eapply remote_exec_step in H; [|by eapply (step_gather _ _ _ _ _ [1] 0 rest 0)].
  simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_guess _ _ _ _ _ 0)]. simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_push _ _ _ _ _ 0 (Remote [0] (Guessed Null)))].
  simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_gather _ _ _ _ _ [] 1 rest 1)]. simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_guess _ _ _ _ _ 1)]. simpl in H.
  pose proof H as H1.
  eapply remote_exec_step in H; [|by eapply step_take]. simpl in H.
  eapply remote_exec_step in H; [|by eapply step_reclaim]. simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_gather _ _ _ _ _ [] 0 rest 0)]. simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_guess _ _ _ _ _ 0)]. simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_push _ _ _ _ _ 0 (Remote [0] (Guessed Null)))].
  simpl in H.
  eapply remote_exec_step in H; [|by eapply (step_push _ _ _ _ _ 1 (Remote [1] (Guessed (To 0))))].
  simpl in H.
  exists s0, [Gather 0 0; Guess 0; Push 0 [0]; Gather 1 1],
    [Take; Reclaim 0; Gather 0 0; Guess 0; Push 0 [0]].
  do 2 eexists. split_and!; [exact H1|exact H|done|set_solver|set_solver|].
  unfold in_list; simpl. done.
Qed.
