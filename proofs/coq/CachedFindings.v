(** What C7 does not say.  The execution is computed, and so is one of the system. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Checker Cached.

Section replay.
  Context (cfg : cached_config).

  Fixpoint check_run (σ : state) (acts : list action) : option state :=
    match acts with
    | [] => Some σ
    | a :: acts =>
        match check_step (below cfg) σ a with Some σ1 => check_run σ1 acts | None => None end
    end.

  Lemma check_run_sound σ acts σ' : check_run σ acts = Some σ' → run cfg σ acts σ'.
  Proof.
    revert σ. induction acts as [|a acts IH]; intros σ Hrun; simplify_eq/=; [constructor|].
    destruct (check_step (below cfg) σ a) as [σ1|] eqn:Ha; [|done].
    econstructor; [by eapply check_step_sound|by apply IH].
  Qed.

  Lemma replay_step χ t c h out back acts c' d' h' σ' :
    caches χ !! t = Some c → callers χ !! t = Some h →
    turn cfg t c (depot χ) out back acts c' d' →
    phases (shared χ) !! t = Some Idle ∨ is_awaiting (does c) →
    check_run (shared χ) acts = Some σ' → h' ++ back ≡ₚ h ++ out →
    cached_step cfg χ (Event t out back acts)
      (CachedState σ' (<[t := h']> (callers χ)) (<[t := c']> (caches χ)) d').
  Proof.
    intros Hc Hh Hturn Hidle Hrun Hcaller.
    eapply cached_turn; [done..| |done|done|by apply check_run_sound].
    intros Hnot. by destruct Hidle.
  Qed.

  Lemma replay_exec tr peak χ e χ' :
    cached_exec cfg tr peak χ → cached_step cfg χ e χ' →
    ∃ peak', cached_exec cfg (tr ++ [e]) peak' χ'.
  Proof. intros. eexists. by econstructor. Qed.
End replay.

(** One segment of three slots, magazines of one block, two threads. *)
Definition tiny : cached_config :=
  CachedConfig (Config 3 AllSegments true false 1 3 [0]) 1 1 1.

(** The step of thread [t] by [rule], after which its caller has [h]. *)
Ltac replay t rule h :=
  eapply (replay_step tiny _ t _ _ _ _ _ _ _ h);
  [reflexivity|reflexivity|eapply rule; simpl; lia|first [by left|right; by eexists]
  |vm_compute; reflexivity|simpl; solve_Permutation].

Ltac next H p t rule h :=
  eapply replay_exec in H; [|replay t rule h]; clear p; destruct H as [p H]; cbn in H.

(** An allocation through a cache may fail although the depot has a magazine at that
    moment, which came after the thread had looked there. *)
Theorem C7_depot_may_have_filled :
  ∃ tr peak χ e χ', cached_config_ok tiny ∧ cached_exec tiny tr peak χ ∧
    cached_step tiny χ e χ' ∧ cached_fails χ e ∧ depot χ ≠ [].
Proof.
  assert (∃ peak, cached_exec tiny [] peak (initial_cached tiny)) as [p H] by (eexists; constructor).
  next H p 1 cache_comes ([] : list block).
  next H p 1 allocate_miss ([] : list block).
  next H p 1 (refill_takes tiny 1 false (0, 0) []) [(0, 0)].
  next H p 1 allocate_miss [(0, 0)].
  next H p 1 (refill_takes tiny 1 false (0, 1) []) [(0, 1); (0, 0)].
  next H p 1 allocate_miss [(0, 1); (0, 0)].
  next H p 1 (refill_takes tiny 1 false (0, 2) []) [(0, 2); (0, 1); (0, 0)].
  next H p 0 cache_comes ([] : list block).
  next H p 0 allocate_miss ([] : list block).
  next H p 0 refill_finds_none ([] : list block).
  next H p 0 (refill_asks tiny 0 false 1) ([] : list block).
  next H p 0 refill_refused ([] : list block).
  next H p 0 look_finds_none ([] : list block).
  next H p 0 refill_finds_none ([] : list block).
  next H p 0 (refill_asks tiny 0 true 1) ([] : list block).
  next H p 1 (free_hit tiny 1 (0, 2)) [(0, 1); (0, 0)].
  next H p 1 (free_swap tiny 1 (0, 1)) [(0, 0)].
  next H p 1 (free_exchange tiny 1 (0, 0)) ([] : list block).
  do 5 eexists. split_and!.
  - split_and!; simpl; try lia. split; simpl; [lia|apply NoDup_singleton].
  - exact H.
  - replay 0 allocation_fails ([] : list block).
  - split; [reflexivity|]. eexists. by split.
  - done.
Qed.
