(** The step relation as a function.  [check_step] accepts exactly the steps of
    System.v, so that a trace of the C++ code that it accepts is a run of the
    system that the theorems speak of.  Extract.v turns it into OCaml; only
    booleans and natural numbers are decided here, so that the extracted code is
    plain. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System.

(** The standard library's own constants, which extraction can name one by one. *)
Local Infix "=?" := Coq.Init.Nat.eqb : nat_scope.
Local Infix "<=?" := Coq.Init.Nat.leb : nat_scope.

Definition in_scopeb (sc : scope) (observed i : nat) : bool :=
  match sc with AllSegments => true | NewSegments => observed <=? i | NoSegments => false end.
Definition anywhereb (i : nat) : bool := true.

Definition optional_eqb (x y : option nat) : bool :=
  match x, y with Some n, Some m => n =? m | None, None => true | _, _ => false end.

Definition owned_byb (t : thread) (o : option thread) : bool := optional_eqb o (Some t).

Definition fullb (cap : nat) (s : segment) : bool :=
  match freelist s with [] => cap <=? carved s | _ :: _ => false end.

(** All segments that [looks] admits are full; [from] is the index of the first. *)
Fixpoint all_fullb (cap : nat) (looks : nat → bool) (from : nat) (sg : list segment) : bool :=
  match sg with
  | [] => true
  | s :: rest => (negb (looks from) || fullb cap s) && all_fullb cap looks (S from) rest
  end.

Definition unusedb (a : nat) (sg : list segment) : bool :=
  forallb (λ s, negb (address s =? a)) sg.

Section checker.
  Context (cfg : config).
  Local Notation cap := (capacity cfg).

  Fixpoint check_takes (looks : nat → bool) (t : thread) (sg : list segment)
      (got : list block) : option (list segment) :=
    match got with
    | [] => Some sg
    | (i, j) :: rest =>
        if looks i && (negb (lowest_first cfg) || all_fullb cap looks 0 (take i sg)) then
          match sg !! i with
          | Some s =>
              match take_slot cap t s with
              | Some (j', s') =>
                  if j' =? j then check_takes looks t (<[i := s']> sg) rest else None
              | None => None
              end
          | None => None
          end
        else None
    end.

  Fixpoint check_puts (t : thread) (sg : list segment) (blocks : list block)
      : option (list segment) :=
    match blocks with
    | [] => Some sg
    | (i, j) :: rest =>
        match sg !! i with
        | Some s =>
            if owned_byb t (slot_owner s j)
            then check_puts t (<[i := put_slot j s]> sg) rest else None
        | None => None
        end
    end.

  Definition check_start (sg : list segment) (ph : list phase) (t : thread) (n : nat)
      (got : list block) (observed : option nat) : option state :=
    if (1 <=? n) && (n <=? max_batch cfg) && (length got <=? n) then
      match check_takes anywhereb t sg got with
      | Some sg' =>
          let p := phase_after (length sg') (n - length got) (length got) in
          if ((n <=? length got) || all_fullb cap anywhereb 0 sg') &&
             optional_eqb observed (observed_length p)
          then Some (State sg' (<[t := p]> ph)) else None
      | None => None
      end
    else None.

  Definition check_install (sg : list segment) (ph : list phase) (t : thread)
      (len remaining obtained : nat) (got : list block) (a : nat) (fresh : list block)
      (observed : option nat) : option state :=
    let looks := in_scopeb (recheck cfg) len in
    match check_takes looks t sg got with
    | Some sg1 =>
        if (S (length got) <=? remaining) && all_fullb cap looks 0 sg1 && unusedb a sg1 &&
           (length fresh =? Coq.Init.Nat.min (remaining - length got) cap)
        then
          match check_takes (Coq.Init.Nat.eqb (length sg1)) t (sg1 ++ [empty_segment cap a]) fresh with
          | Some sg2 =>
              let p := phase_after (length sg2) (remaining - length got - length fresh)
                                   (obtained + length got + length fresh) in
              if optional_eqb observed (observed_length p)
              then Some (State sg2 (<[t := p]> ph)) else None
          | None => None
          end
        else None
    | None => None
    end.

  Definition check_refused (sg : list segment) (ph : list phase) (t : thread)
      (remaining : nat) (got : list block) : option state :=
    match check_takes anywhereb t sg got with
    | Some sg' =>
        if (length got <=? remaining) &&
           ((remaining <=? length got) || all_fullb cap anywhereb 0 sg')
        then Some (State sg' (<[t := Idle]> ph)) else None
    | None => None
    end.

  Definition may_freeb (p : phase) : bool :=
    match p with Idle => true | Growing _ _ _ => reentrant cfg | Trimming _ => false end.

  Definition check_give (sg : list segment) (ph : list phase) (u : thread)
      (t i j : nat) : option state :=
    match ph !! u, sg !! i with
    | Some _, Some s =>
        if owned_byb t (slot_owner s j)
        then Some (State (<[i := give_slot u j s]> sg) ph) else None
    | _, _ => None
    end.

  (** The state after the critical section [a], if it is one that the proved
      system can make from [σ]. *)
  Definition check_step (σ : state) (a : action) : option state :=
    let sg := segments σ in
    let ph := phases σ in
    match a, ph !! actor a with
    | Start t n got observed, Some Idle => check_start sg ph t n got observed
    | Reuse t got, Some (Growing len remaining _) =>
        if length got =? remaining then
          match check_takes (in_scopeb (recheck cfg) len) t sg got with
          | Some sg' => Some (State sg' (<[t := Idle]> ph))
          | None => None
          end
        else None
    | Install t got a fresh observed, Some (Growing len remaining obtained) =>
        check_install sg ph t len remaining obtained got a fresh observed
    | Refused t got, Some (Growing _ remaining _) => check_refused sg ph t remaining got
    | Free t blocks, Some p =>
        if may_freeb p then
          match check_puts t sg blocks with
          | Some sg' => Some (State sg' ph)
          | None => None
          end
        else None
    | TrimClaim t i, Some Idle =>
        match sg !! i with
        | Some s =>
            if free_slots s =? carved s then
              Some (State (<[i := claim_segment cap t s]> sg) (<[t := Trimming i]> ph))
            else None
        | None => None
        end
    | TrimRelease t i, Some (Trimming k) =>
        match sg !! i with
        | Some s =>
            if (k =? i) && forallb (owned_byb t) (owners s) then
              Some (State (<[i := empty_segment cap (address s)]> sg) (<[t := Idle]> ph))
            else None
        | None => None
        end
    | Give t u (i, j), Some (Idle | Growing _ _ _) => check_give sg ph u t i j
    | _, _ => None
    end.

  (** A whole trace from [σ], and the most blocks live at once. *)
  Fixpoint run (σ : state) (peak : nat) (tr : list action) : option (state * nat) :=
    match tr with
    | [] => Some (σ, peak)
    | a :: rest =>
        match check_step σ a with
        | Some σ' => run σ' (peak `max` live σ') rest
        | None => None
        end
    end.

  (** ** Correctness *)
  Lemma optional_eqb_spec x y : optional_eqb x y = true ↔ x = y.
  Proof.
    destruct x, y; simpl; rewrite ?Nat.eqb_eq; naive_solver.
  Qed.

  Lemma fullb_spec s : fullb cap s = true ↔ full cap s.
  Proof.
    unfold fullb, full. destruct (freelist s); rewrite ?Nat.leb_le; naive_solver.
  Qed.

  Lemma all_fullb_spec looksb looks from sg :
    (∀ i, looksb i = true ↔ looks i) →
    all_fullb cap looksb from sg = true ↔
    (∀ i s, looks (from + i) → sg !! i = Some s → full cap s).
  Proof.
    intros Hlooks. revert from. induction sg as [|s sg IH]; intros from; simpl.
    { split; [intros _ i s _ Hi; by rewrite lookup_nil in Hi|done]. }
    rewrite andb_true_iff, orb_true_iff, negb_true_iff, IH, fullb_spec. split.
    - intros [Hs Hrest] [|i] s' Hi Hs'; simplify_eq/=.
      + rewrite Nat.add_0_r in Hi. apply Hlooks in Hi. destruct Hs as [Hs|Hs]; congruence.
      + apply (Hrest i); [|done]. by rewrite <-Nat.add_succ_comm in Hi.
    - intros Hall. split.
      + destruct (looksb from) eqn:Hfrom; [right|by left].
        apply (Hall 0); [|done]. rewrite Nat.add_0_r. by apply Hlooks.
      + intros i s' Hi Hs'. apply (Hall (S i)); [|done]. by rewrite <-Nat.add_succ_comm.
  Qed.

  Lemma full_where_spec looksb looks sg :
    (∀ i, looksb i = true ↔ looks i) →
    all_fullb cap looksb 0 sg = true ↔ full_where cfg looks sg.
  Proof. intros Hlooks. by apply (all_fullb_spec _ _ 0). Qed.

  Lemma lower_full_spec looksb looks sg i :
    (∀ k, looksb k = true ↔ looks k) →
    all_fullb cap looksb 0 (take i sg) = true ↔
    (∀ k sk, k < i → looks k → sg !! k = Some sk → full cap sk).
  Proof.
    intros Hlooks. rewrite (all_fullb_spec _ looks) by done. simpl. split.
    - intros Hall k sk Hk Hl Hsk. apply (Hall k); [done|]. by rewrite lookup_take.
    - intros Hall k sk Hl [Hsk Hk]%lookup_take_Some. by apply (Hall k).
  Qed.

  Lemma check_takes_spec looksb looks t sg got sg' :
    (∀ i, looksb i = true ↔ looks i) →
    check_takes looksb t sg got = Some sg' ↔ takes cfg looks t sg got sg'.
  Proof.
    intros Hlooks. split.
    - revert sg. induction got as [|[i j] got IH]; intros sg Hcheck; simpl in Hcheck.
      { simplify_eq. constructor. }
      destruct (looksb i && _) eqn:Hc; [|done].
      apply andb_true_iff in Hc as [Hi Hlow]. apply Hlooks in Hi.
      destruct (sg !! i) as [s|] eqn:Hs; [|done].
      destruct (take_slot cap t s) as [[j' s']|] eqn:Htake; [|done].
      destruct (Nat.eqb_spec j' j) as [->|]; [|done].
      econstructor; [done| |done|done|by apply IH].
      intros Hfirst. rewrite Hfirst in Hlow. simpl in Hlow.
      by apply (lower_full_spec looksb looks sg i Hlooks).
    - induction 1 as [|sg i s j s' got sg' Hi Hlow Hs Htake Htakes IH]; simpl; [done|].
      apply Hlooks in Hi. rewrite Hi, Hs, Htake, Nat.eqb_refl, IH. simpl.
      destruct (lowest_first cfg) eqn:Hfirst; [|done]. simpl.
      specialize (Hlow eq_refl). apply (lower_full_spec looksb looks sg i Hlooks) in Hlow.
      by rewrite Hlow.
  Qed.

  Lemma owned_byb_spec t o : owned_byb t o = true ↔ o = Some t.
  Proof. apply optional_eqb_spec. Qed.

  Lemma check_puts_spec t sg blocks sg' :
    check_puts t sg blocks = Some sg' ↔ puts t sg blocks sg'.
  Proof.
    split.
    - revert sg. induction blocks as [|[i j] blocks IH]; intros sg Hcheck; simpl in Hcheck.
      { simplify_eq. constructor. }
      destruct (sg !! i) as [s|] eqn:Hs; [|done].
      destruct (owned_byb t (slot_owner s j)) eqn:Ho; [|done].
      apply owned_byb_spec in Ho. econstructor; [done|done|by apply IH].
    - induction 1 as [|sg i s j blocks sg' Hs Ho Hputs IH]; simpl; [done|].
      apply owned_byb_spec in Ho. by rewrite Hs, Ho.
  Qed.

  Lemma anywhereb_spec i : anywhereb i = true ↔ anywhere i.
  Proof. done. Qed.
  Lemma in_scopeb_spec sc observed i : in_scopeb sc observed i = true ↔ in_scope sc observed i.
  Proof. destruct sc; simpl; rewrite ?Nat.leb_le; done. Qed.
  Lemma eqb_spec n i : Nat.eqb n i = true ↔ n = i.
  Proof. apply Nat.eqb_eq. Qed.

  Lemma unusedb_spec a sg : unusedb a sg = true ↔ a ∉ address <$> sg.
  Proof.
    unfold unusedb. rewrite forallb_forall, elem_of_list_fmap. split.
    - intros Hall (s & -> & Hs). apply elem_of_list_In, Hall in Hs.
      by rewrite Nat.eqb_refl in Hs.
    - intros Hno s Hs. apply negb_true_iff, Nat.eqb_neq. intros <-. apply Hno.
      exists s. split; [done|]. by apply elem_of_list_In.
  Qed.

  Local Hint Resolve anywhereb_spec in_scopeb_spec eqb_spec : core.

  (** Soundness: what the checker accepts is a step of the proved system. *)
  Theorem check_step_sound σ a σ' : check_step σ a = Some σ' → step cfg σ a σ'.
  Proof.
    destruct σ as [sg ph]. unfold check_step; simpl. intros Hcheck.
    destruct a as [t n got observed|t got|t got a fresh observed|t got|t blocks|t i|t i|t u [i j]];
      simpl in Hcheck; destruct (ph !! t) as [[|len rem obt|k]|] eqn:Ht; try done.
    - unfold check_start in Hcheck. destruct (_ && _) eqn:Hc in Hcheck; [|done].
      rewrite !andb_true_iff, !Nat.leb_le in Hc. destruct Hc as [[??]?].
      destruct (check_takes _ _ _ _) as [sg'|] eqn:Htakes in Hcheck; [|done].
      destruct (_ && _) eqn:Hc in Hcheck; [|done].
      rewrite andb_true_iff, orb_true_iff, Nat.leb_le, optional_eqb_spec in Hc.
      destruct Hc as [Hf ->]. simplify_eq.
      apply (check_takes_spec _ anywhere) in Htakes; [|done].
      eapply step_start; [done|lia|done|done|].
      intros Hlt. destruct Hf as [|Hf]; [lia|]. by apply (full_where_spec _ anywhere) in Hf.
    - destruct (Nat.eqb_spec (length got) rem); [|done].
      destruct (check_takes _ _ _ _) as [sg'|] eqn:Htakes in Hcheck; [|done]. simplify_eq.
      apply (check_takes_spec _ (in_scope (recheck cfg) len)) in Htakes; [|done].
      by eapply step_reuse.
    - unfold check_install in Hcheck.
      destruct (check_takes _ _ sg _) as [sg1|] eqn:Htakes in Hcheck; [|done].
      destruct (_ && _) eqn:Hc in Hcheck; [|done].
      rewrite !andb_true_iff, Nat.leb_le, Nat.eqb_eq, unusedb_spec in Hc.
      destruct Hc as [[[??]?]?].
      destruct (check_takes _ _ (_ ++ _) _) as [sg2|] eqn:Htakes2 in Hcheck; [|done].
      destruct (optional_eqb _ _) eqn:Ho in Hcheck; [|done].
      apply optional_eqb_spec in Ho as ->. simplify_eq.
      apply (check_takes_spec _ (in_scope (recheck cfg) len)) in Htakes; [|done].
      apply (check_takes_spec _ (eq (length sg1))) in Htakes2; [|done].
      eapply step_install; [done|done|lia| |done|done|done].
      by apply (full_where_spec (in_scopeb (recheck cfg) len)).
    - unfold check_refused in Hcheck.
      destruct (check_takes _ _ _ _) as [sg'|] eqn:Htakes in Hcheck; [|done].
      destruct (_ && _) eqn:Hc in Hcheck; [|done].
      rewrite andb_true_iff, orb_true_iff, !Nat.leb_le in Hc. destruct Hc as [? Hf]. simplify_eq.
      apply (check_takes_spec _ anywhere) in Htakes; [|done].
      eapply step_refused; [done|done|done|].
      intros Hlt. destruct Hf as [|Hf]; [lia|]. by apply (full_where_spec _ anywhere) in Hf.
    - simpl in Hcheck. destruct (check_puts _ _ _) as [sg'|] eqn:Hputs; [|done]. simplify_eq.
      apply check_puts_spec in Hputs. eapply step_free; [done|by left|done].
    - simpl in Hcheck. destruct (reentrant cfg) eqn:Hre; [|done].
      destruct (check_puts _ _ _) as [sg'|] eqn:Hputs; [|done]. simplify_eq.
      apply check_puts_spec in Hputs. eapply step_free; [done|by right|done].
    - destruct (sg !! i) as [s|] eqn:Hs; [|done].
      destruct (Nat.eqb_spec (free_slots s) (carved s)); [|done]. simplify_eq.
      by apply step_trim_claim.
    - destruct (sg !! i) as [s|] eqn:Hs; [|done].
      destruct (_ && _) eqn:Hc in Hcheck; [|done]. simplify_eq.
      apply andb_true_iff in Hc as [->%Nat.eqb_eq Hall].
      apply step_trim_release; [done|done|].
      apply Forall_forall. intros o Ho. symmetry. apply owned_byb_spec.
      rewrite forallb_forall in Hall. apply Hall. by apply elem_of_list_In.
    - unfold check_give in Hcheck. destruct (ph !! u) eqn:Hu; [|done].
      destruct (sg !! i) as [s|] eqn:Hs; [|done].
      destruct (owned_byb t (slot_owner s j)) eqn:Ho; [|done]. simplify_eq.
      apply owned_byb_spec in Ho. eapply step_give; [done|simpl; tauto|done..].
    - unfold check_give in Hcheck. destruct (ph !! u) eqn:Hu; [|done].
      destruct (sg !! i) as [s|] eqn:Hs; [|done].
      destruct (owned_byb t (slot_owner s j)) eqn:Ho; [|done]. simplify_eq.
      apply owned_byb_spec in Ho. eapply step_give; [done|simpl; tauto|done..].
  Qed.

  (** Completeness: it rejects none. *)
  Theorem check_step_complete σ a σ' : step cfg σ a σ' → check_step σ a = Some σ'.
  Proof.
    destruct 1 as [sg ph t n got sg' Ht Hn Htakes Hle Hfull p
      |sg ph t len rem obt got sg' Ht Htakes Hlen
      |sg ph t len rem obt got sg1 a fresh sg2 Ht Htakes Hlt Hfull Ha Htakes2 Hfresh p
      |sg ph t len rem obt got sg' Ht Htakes Hle Hfull
      |sg ph t p blocks sg' Ht Hmay Hputs
      |sg ph t i s Ht Hi Hfree
      |sg ph t i s Ht Hi Hall
      |sg ph t p u q i s j Ht Hp Hu Hi Hown]; unfold check_step; simpl; rewrite Ht.
    - unfold check_start. rewrite !(proj2 (Nat.leb_le _ _)) by lia. simpl.
      apply (check_takes_spec anywhereb) in Htakes; [|done]. rewrite Htakes.
      assert ((n <=? length got) || all_fullb cap anywhereb 0 sg' = true) as ->.
      { rewrite orb_true_iff, Nat.leb_le. destruct (decide (n ≤ length got)); [by left|right].
        apply (full_where_spec _ anywhere); [done|]. apply Hfull. lia. }
      by rewrite (proj2 (optional_eqb_spec _ _)).
    - rewrite (proj2 (Nat.eqb_eq _ _)) by done.
      apply (check_takes_spec (in_scopeb (recheck cfg) len)) in Htakes; [|done].
      by rewrite Htakes.
    - unfold check_install.
      apply (check_takes_spec (in_scopeb (recheck cfg) len)) in Htakes; [|done].
      apply (check_takes_spec (Nat.eqb (length sg1))) in Htakes2; [|done].
      rewrite Htakes, (proj2 (Nat.leb_le _ _)) by done.
      apply (full_where_spec (in_scopeb (recheck cfg) len)) in Hfull; [|done].
      apply unusedb_spec in Ha.
      rewrite Hfull, Ha, (proj2 (Nat.eqb_eq _ _)), Htakes2 by done. simpl.
      by rewrite (proj2 (optional_eqb_spec _ _)).
    - unfold check_refused. apply (check_takes_spec anywhereb) in Htakes; [|done].
      rewrite Htakes, (proj2 (Nat.leb_le _ _)) by done. simpl.
      assert ((rem <=? length got) || all_fullb cap anywhereb 0 sg' = true) as ->; [|done].
      rewrite orb_true_iff, Nat.leb_le. destruct (decide (rem ≤ length got)); [by left|right].
      apply (full_where_spec _ anywhere); [done|]. apply Hfull. lia.
    - assert (may_freeb p = true) as ->.
      { destruct Hmay as [->|[Hre Hg]]; [done|]. by destruct p. }
      apply check_puts_spec in Hputs. by rewrite Hputs.
    - by rewrite Hi, (proj2 (Nat.eqb_eq _ _)).
    - rewrite Hi, Nat.eqb_refl. simpl.
      assert (forallb (owned_byb t) (owners s) = true) as ->; [|done].
      apply forallb_forall. intros o Ho%elem_of_list_In. apply owned_byb_spec.
      rewrite Forall_forall in Hall. symmetry. by apply Hall.
    - assert (check_give sg ph u t i j = Some (State (<[i:=give_slot u j s]> sg) ph)) as Hgive.
      { unfold check_give. by rewrite Hu, Hi, (proj2 (owned_byb_spec _ _)). }
      destruct p; [done|done|]. by destruct Hp.
  Qed.

  Theorem check_step_correct σ a σ' : check_step σ a = Some σ' ↔ step cfg σ a σ'.
  Proof. split; [apply check_step_sound|apply check_step_complete]. Qed.

  Lemma run_sound_from tr0 σ0 peak0 tr σ peak :
    exec cfg tr0 peak0 σ0 → run σ0 peak0 tr = Some (σ, peak) → exec cfg (tr0 ++ tr) peak σ.
  Proof.
    revert tr0 σ0 peak0. induction tr as [|a tr IH]; intros tr0 σ0 peak0 Hexec Hrun; simpl in Hrun.
    { simplify_eq. by rewrite app_nil_r. }
    destruct (check_step σ0 a) as [σ1|] eqn:Hstep; [|done].
    rewrite cons_middle, app_assoc. eapply IH; [|done].
    econstructor; [done|]. by apply check_step_sound.
  Qed.

  (** An accepted trace is an execution, with the peak that the checker reports. *)
  Theorem run_sound tr σ peak :
    run (initial_state cfg) 0 tr = Some (σ, peak) → exec cfg tr peak σ.
  Proof. apply (run_sound_from []). constructor. Qed.
End checker.
