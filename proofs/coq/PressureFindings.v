(** Short executions with waits: calls that wait and are served, that wait and fail, that
    wait for a trim; and what L3 does not say, or would not without the rules.  Each is
    computed, and so is one of the systems. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Checker Findings Pressure.

Ltac awaited u := exists u; eexists; split; [done|split; [eexists; by split|vm_compute; lia]].
Ltac nobody_is_awaited :=
  let u := fresh in
  intros _ (u & ? & ? & (? & ? & ?) & ?);
  unfold last_seen in *; do 3 (destruct u as [|u]; [simplify_eq/=; lia|]); simplify_eq/=.

(** A premise of a step of [cfg] between states that are known. *)
Ltac premise cfg :=
  first
    [ reflexivity | left; reflexivity | right; reflexivity | exact I | done
    | apply (check_step_sound cfg); vm_compute; reflexivity
    | apply (full_where_spec cfg anywhereb anywhere _ (λ i, conj (λ _, I) (λ _, eq_refl)));
      vm_compute; reflexivity
    | right; first [awaited 0|awaited 1]
    | right; split; [reflexivity|first [awaited 0|awaited 1|vm_compute; lia]]
    | vm_compute; lia
    | intros; vm_compute in *; (done || lia)
    | nobody_is_awaited
    | intros [|[|[|]]] ? ?; by simplify_eq/= ].

(** The execution [H] goes on by [rule]. *)
Tactic Notation "goes_on" hyp(H) constr(cfg) "by" uconstr(rule) :=
  eapply pressure_exec_step in H; [|eapply rule; premise cfg]; vm_compute in H.

(** Two threads meet an empty slab.  The backing refuses the second, which waits for the
    first; the segment that this one brings serves both. *)
Theorem L3_waiting_call_is_served :
  let cfg := Config 2 AllSegments true false 1 2 [] in
  let tr := [Does (miss 0 0); Does (miss 1 0); Waits 1 []; Does (install 0 10 0);
             Does (Refused 1 [(0, 1)])] in
  ∃ χ, pressure_exec cfg tr 2 χ ∧ owner (shared χ) (0, 1) = Some 1 ∧
    length (segments (shared χ)) = 1.
Proof.
  intros cfg tr. pose proof (pressure_exec_initial cfg) as H.
  goes_on H cfg by (pressure_start cfg _ 0 1 [] (Some 0)).
  goes_on H cfg by (pressure_start cfg _ 1 1 [] (Some 0)).
  goes_on H cfg by (pressure_waits cfg _ 1).
  goes_on H cfg by (pressure_install cfg _ 0 [] 10 [(0, 0)] None).
  goes_on H cfg by (pressure_refused cfg _ 1 [(0, 1)]).
  eexists. split; [exact H|done].
Qed.

(** The same with segments of one slot: there is none for the second. *)
Theorem L3_waiting_call_fails :
  let cfg := Config 1 AllSegments true false 1 2 [] in
  let tr := [Does (miss 0 0); Does (miss 1 0); Waits 1 []; Does (install 0 10 0)] in
  let e := Does (Refused 1 []) in
  ∃ χ χ', pressure_exec cfg tr 1 χ ∧ pressure_step cfg χ e χ' ∧ call_fails χ e.
Proof.
  intros cfg tr e. pose proof (pressure_exec_initial cfg) as H.
  goes_on H cfg by (pressure_start cfg _ 0 1 [] (Some 0)).
  goes_on H cfg by (pressure_start cfg _ 1 1 [] (Some 0)).
  goes_on H cfg by (pressure_waits cfg _ 1).
  goes_on H cfg by (pressure_install cfg _ 0 [] 10 [(0, 0)] None).
  do 2 eexists. split_and!; [exact H|eapply (pressure_refused cfg _ 1 []); premise cfg|].
  by do 4 eexists.
Qed.

(** Without the rule a call fails beside a growth: the segment that was on its way comes
    next, and its second slot is free. *)
Theorem L3_fails_beside_growth_without_waiting :
  let cfg := Config 2 AllSegments true false 1 2 [] in
  let tr := [miss 0 0; miss 1 0] in
  ∃ σ σ', exec cfg tr 0 σ ∧ fails σ (Refused 1 []) ∧ phases σ !! 0 = Some (Growing 0 1 0) ∧
    exec cfg (tr ++ [Refused 1 []; install 0 10 0]) 1 σ' ∧
    length (segments σ') = 1 ∧ owner σ' (0, 1) = None.
Proof.
  intros cfg tr. do 2 eexists. split_and!; [apply run_sound; vm_compute; reflexivity| | | | |].
  - by do 3 eexists.
  - done.
  - apply run_sound; vm_compute; reflexivity.
  - done.
  - done.
Qed.

(** Without the rule a call fails beside a trim, although callers hold nothing. *)
Theorem L3_fails_beside_a_trim_without_waiting :
  let cfg := Config 1 AllSegments true false 1 2 [] in
  let tr := [miss 0 0; install 0 10 0; Free 0 [(0, 0)]; TrimClaim 0 0; miss 1 1] in
  ∃ σ σ', exec cfg tr 1 σ ∧ step cfg σ (Refused 1 []) σ' ∧ fails σ (Refused 1 []) ∧
    length (segments σ) = 1 ∧ held σ = 0.
Proof.
  intros cfg tr. do 2 eexists. split_and!; [apply run_sound; vm_compute; reflexivity| | | |].
  - apply check_step_sound; vm_compute; reflexivity.
  - by do 3 eexists.
  - done.
  - by vm_compute.
Qed.

(** What L3 does not say: a call may fail while a growth is in flight that began after
    the backing had refused the call.  Otherwise it could wait for ever. *)
Theorem L3_later_growth_may_be_in_flight :
  let cfg := Config 2 AllSegments true false 1 3 [] in
  let tr := [Does (miss 0 0); Does (miss 1 0); Waits 1 []; Does (miss 2 0);
             Does (install 0 10 0); Does (hit 0 (0, 1))] in
  let e := Does (Refused 1 []) in
  ∃ χ χ', pressure_exec cfg tr 2 χ ∧ pressure_step cfg χ e χ' ∧ call_fails χ e ∧
    in_flight χ 2 3.
Proof.
  intros cfg tr e. pose proof (pressure_exec_initial cfg) as H.
  goes_on H cfg by (pressure_start cfg _ 0 1 [] (Some 0)).
  goes_on H cfg by (pressure_start cfg _ 1 1 [] (Some 0)).
  goes_on H cfg by (pressure_waits cfg _ 1).
  goes_on H cfg by (pressure_start cfg _ 2 1 [] (Some 0)).
  goes_on H cfg by (pressure_install cfg _ 0 [] 10 [(0, 0)] None).
  goes_on H cfg by (pressure_start cfg _ 0 1 [(0, 1)] None).
  do 2 eexists. split_and!; [exact H|eapply (pressure_refused cfg _ 1 []); premise cfg| |].
  - by do 4 eexists.
  - by eexists.
Qed.

(** A call that waits in phase 1 for the growth of another: one growth serves both. *)
Theorem L1_one_growth_serves_two :
  let cfg := Config 2 AllSegments true false 1 2 [] in
  let tr := [Does (miss 0 0); Waits 1 []; Does (install 0 10 0); Does (hit 1 (0, 1))] in
  ∃ χ, pressure_exec cfg tr 2 χ ∧ begun χ = 1.
Proof.
  intros cfg tr. pose proof (pressure_exec_initial cfg) as H.
  goes_on H cfg by (pressure_start cfg _ 0 1 [] (Some 0)).
  goes_on H cfg by (pressure_entry_waits cfg _ 1 1).
  goes_on H cfg by (pressure_install cfg _ 0 [] 10 [(0, 0)] None).
  goes_on H cfg by (pressure_start cfg _ 1 1 [(0, 1)] None).
  eexists. split; [exact H|done].
Qed.

(** The execution of [S6_counts_what_a_trim_holds], with the rule: the second thread waits
    for the trim, and one segment is enough. *)
Theorem S6_call_waits_for_a_trim :
  let cfg := Config 1 AllSegments true false 1 2 [] in
  let tr := [Does (miss 0 0); Does (install 0 10 0); Does (Free 0 [(0, 0)]);
             Does (TrimClaim 0 0); Waits 1 []; Does (TrimRelease 0 0); Does (hit 1 (0, 0))] in
  ∃ χ, pressure_exec cfg tr 1 χ ∧ length (segments (shared χ)) = 1 ∧ needed cfg 1 = 1.
Proof.
  intros cfg tr. pose proof (pressure_exec_initial cfg) as H.
  goes_on H cfg by (pressure_start cfg _ 0 1 [] (Some 0)).
  goes_on H cfg by (pressure_install cfg _ 0 [] 10 [(0, 0)] None).
  goes_on H cfg by (pressure_free cfg _ 0 [(0, 0)]).
  goes_on H cfg by (pressure_claim cfg _ 0 0).
  goes_on H cfg by (pressure_entry_waits cfg _ 1 1).
  goes_on H cfg by (pressure_release cfg _ 0 0).
  goes_on H cfg by (pressure_start cfg _ 1 1 [(0, 0)] None).
  eexists. split; [exact H|done].
Qed.

(** A batch of three in phase 3 takes two blocks beside a trim, waits, and has the third
    from the segment that the trim puts back. *)
Theorem S6_batch_waits_for_a_trim :
  let cfg := Config 2 AllSegments true false 3 2 [10; 11] in
  let tr := [Does (Start 0 3 [(0, 0); (0, 1); (1, 0)] None); Does (hit 0 (1, 1));
             Does (Start 1 3 [] (Some 2)); Does (Free 0 [(0, 0); (0, 1); (1, 0); (1, 1)]);
             Does (TrimClaim 0 1);
             Waits 1 [Refused 1 [(0, 1); (0, 0)]; Start 1 1 [] (Some 2)];
             Does (TrimRelease 0 1); Does (Reuse 1 [(1, 0)])] in
  ∃ χ, pressure_exec cfg tr 4 χ ∧ length (segments (shared χ)) = 2 ∧ held (shared χ) = 3.
Proof.
  intros cfg tr. pose proof (pressure_exec_initial cfg) as H.
  goes_on H cfg by (pressure_start cfg _ 0 3 [(0, 0); (0, 1); (1, 0)] None).
  goes_on H cfg by (pressure_start cfg _ 0 1 [(1, 1)] None).
  goes_on H cfg by (pressure_start cfg _ 1 3 [] (Some 2)).
  goes_on H cfg by (pressure_free cfg _ 0 [(0, 0); (0, 1); (1, 0); (1, 1)]).
  goes_on H cfg by (pressure_claim cfg _ 0 1).
  goes_on H cfg by (pressure_takes cfg _ 1 [(0, 1); (0, 0)] _ (InFlight 1) 2 3 0 _ 2).
  goes_on H cfg by (pressure_release cfg _ 0 1).
  goes_on H cfg by (pressure_reuse cfg _ 1 [(1, 0)]).
  eexists. split; [exact H|done].
Qed.

(** Why a trim claims no segment while a call waits for one: a trim that claims the only
    segment over and over comes back to the same state, and between claim and release a
    look finds nothing, each time. *)
Theorem L1_trims_without_the_rule_can_go_on_for_ever :
  let cfg := Config 1 AllSegments true false 1 2 [] in
  let tr := [miss 0 0; install 0 10 0; Free 0 [(0, 0)]; TrimClaim 0 0; TrimRelease 0 0] in
  ∃ σ σ1, exec cfg tr 1 σ ∧ step cfg σ (TrimClaim 0 0) σ1 ∧
    full_where cfg anywhere (segments σ1) ∧ step cfg σ1 (TrimRelease 0 0) σ.
Proof.
  intros cfg tr. do 2 eexists. split_and!; [apply run_sound; vm_compute; reflexivity| | |].
  - apply check_step_sound; vm_compute; reflexivity.
  - premise cfg.
  - apply check_step_sound; vm_compute; reflexivity.
Qed.
