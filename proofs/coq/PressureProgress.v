(** Who fails and who waits: a call fails only when callers hold every slot, no trim is
    under way and the growths that it saw have ended (L3); a wait is for somebody, who
    can always go on, and nobody joins those for whom a call waits (L1). *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth Progress
  Pressure PressureSlab.

Section pressure_progress.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Local Notation pressure_step := (pressure_step cfg).
  Local Notation pressure_exec := (pressure_exec cfg).
  Local Notation pressure_run := (pressure_run cfg).
  Set Default Proof Using "All".

  Lemma exec_below tr peak χ : pressure_exec tr peak χ → ∃ tr' peak', exec tr' peak' (shared χ).
  Proof. intros (? & ? & _)%(pressure_exec_refines cfg Hcfg). eauto. Qed.

  Lemma fits tr peak χ t c :
    pressure_exec tr peak χ → calls χ !! t = Some c →
    ∃ p, phases (shared χ) !! t = Some p ∧ call_fits cfg (begun χ) c p.
  Proof.
    intros [Hlen Hfits _]%(pressure_exec_ok cfg Hcfg) Hc.
    destruct (lookup_lt_is_Some_2 (phases (shared χ)) t) as [p Hp].
    { rewrite <-Hlen. by eapply lookup_lt_Some. }
    exists p. split; [done|by eapply Hfits].
  Qed.

  Lemma in_flight_begun tr peak χ u number :
    pressure_exec tr peak χ → in_flight χ u number → number ≤ begun χ.
  Proof.
    intros Hexec (c & Hc & Hk). destruct (fits _ _ _ _ _ Hexec Hc) as (p & _ & Hfit).
    unfold call_fits in Hfit. rewrite Hk in Hfit. lia.
  Qed.

  (** A growth that is in flight was so before, or has just begun. *)
  Lemma in_flight_back tr peak χ e χ' u number :
    pressure_exec tr peak χ → pressure_step χ e χ' → in_flight χ' u number →
    number ≤ begun χ → in_flight χ u number.
  Proof.
    intros Hexec Hstep (c0 & Hc0 & Hk) Hle.
    apply (pressure_exec_ok cfg Hcfg) in Hexec.
    destruct (step_shape cfg Hcfg _ _ _ Hexec Hstep)
      as (c & c' & p' & [Hc Hcalls _ _ _ Hnumber]).
    rewrite Hcalls in Hc0. apply list_lookup_insert_Some in Hc0 as [(<- & <- & _)|[_ Hu]].
    - destruct (Hnumber _ Hk) as [|]; [by exists c|lia].
    - by exists c0.
  Qed.

  (** Full everywhere: every slot is somebody's. *)
  Lemma full_is_live tr peak σ :
    exec tr peak σ → full_where cfg anywhere (segments σ) → live σ = cap * length (segments σ).
  Proof.
    intros Hexec Hfull. pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    unfold live. rewrite (sum_used_full cfg Hcfg) by done. lia.
  Qed.

  (** ** L3 *)

  (** A call that fails: at its last look callers held every slot, no trim was under
      way, and whoever was in flight began after the growths for which it waited.  If it
      never waited, nobody else was in flight. *)
  Theorem L3_fails_under_no_growth tr peak χ e χ' t :
    pressure_exec tr peak χ → pressure_step χ e χ' → call_fails χ e → by_thread e = t →
    (∀ i j, i < length (segments (shared χ)) → j < cap → is_Some (owner (shared χ) (i, j))) ∧
    held (shared χ) = cap * length (segments (shared χ)) ∧ trimmers (shared χ) = 0 ∧
    ∀ u number, in_flight χ u number → u ≠ t →
      ∃ c seen, calls χ !! t = Some c ∧ stands c = Waiting seen ∧ seen < number.
  Proof.
    intros Hexec Hstep (t' & c & len & rem & -> & Hc & Hhas & Hp) <-. simpl.
    destruct (exec_below _ _ _ Hexec) as (tr' & peak' & Hbelow).
    destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hbelow Hp) as [Hrem _].
    inversion Hstep as [| | | | |? ? ? c' ? ? ? σ' Hc' Hg Hp' Hs Hnone Hseen| | | | | |].
    subst. simplify_eq. simpl in *. specialize (Hnone ltac:(lia)). specialize (Hseen ltac:(lia)).
    destruct (L3_fails_only_when_all_live cfg Hcfg _ _ _ _ _ Hbelow Hs) as [Hall Hlive].
    { by exists t', len, rem. }
    split_and!; [done|by rewrite held_without_trims|done|].
    intros u k Hu Hne. unfold last_seen, awaits in Hseen.
    pose proof (in_flight_begun _ _ _ _ _ Hexec Hu) as Hle.
    destruct (stands c) as [|? ?|number|seen] eqn:Hstands; unfold grows in Hg;
      rewrite Hstands in Hg; try done.
    - destruct Hseen. by exists u, k.
    - exists c, seen. split_and!; [done..|].
      destruct (decide (seen < k)); [done|]. destruct Hseen. exists u, k. split_and!; [done..|lia].
  Qed.

  (** The call of [t] waits, or will, for all growths up to [last] at least. *)
  Definition remembers (χ : pressure_state) (t : thread) (last : nat) : Prop :=
    ∃ c, calls χ !! t = Some c ∧ grows c ∧ last ≤ last_seen χ c.

  Lemma keeps_remembering tr peak χ e χ' t last :
    pressure_exec tr peak χ → pressure_step χ e χ' →
    (by_thread e = t → ∃ acts, e = Waits t acts) →
    remembers χ t last → remembers χ' t last.
  Proof.
    intros Hexec Hstep Hwaits (c & Hc & Hg & Hle). destruct (decide (by_thread e = t)) as [Ht|Ht].
    - destruct (Hwaits Ht) as [acts ->]. clear Ht.
      assert (∀ s h b, waits_as χ c s →
        remembers (PressureState (shared χ') (<[t := Call s h b]> (calls χ)) (begun χ)) t last)
        as Hnew.
      { intros s h b Hw. exists (Call s h b). simpl. rewrite list_lookup_insert
          by (by eapply lookup_lt_Some).
        unfold grows, waits_as, last_seen in *; simpl.
        split; [done|].
        destruct Hw as [->|[-> _]], (stands c); simpl in *; first [done|split; [done|lia]]. }
      assert (∀ n, asks_for c n → False) as Hasks.
      { unfold grows, asks_for in *. intros n Hs. by destruct (stands c). }
      inversion Hstep as [|? ? n c' Hc' Ha|? ? n got c' σ' Hc' Ha| | | |? ? c' s ? ? ? Hc' ? Hw
        |? ? got c' s ? ? ? ? ? ? Hc' ? Hw| | | |]; subst;
        assert (c' = c) as -> by congruence; first [by destruct (Hasks n)|by apply Hnew].
    - apply (pressure_exec_ok cfg Hcfg) in Hexec.
      destruct (step_shape cfg Hcfg _ _ _ Hexec Hstep)
        as (c0 & c' & p' & [_ Hcalls _ Hbegun _ _]).
      exists c. rewrite Hcalls, list_lookup_insert_ne by done. split_and!; [done..|].
      unfold last_seen in *. destruct (stands c); lia.
  Qed.

  (** So each growth that was in flight when the backing refused the call has ended. *)
  Theorem L3_growths_seen_have_ended tr1 peak1 χ1 t number acts χ2 tr2 χ e χ' u seen :
    pressure_exec tr1 peak1 χ1 → in_flight χ1 t number → pressure_step χ1 (Waits t acts) χ2 →
    pressure_run χ2 tr2 χ → (∀ e', e' ∈ tr2 → by_thread e' = t → ∃ acts', e' = Waits t acts') →
    pressure_step χ e χ' → call_fails χ e → by_thread e = t →
    in_flight χ1 u seen → u ≠ t → ¬ in_flight χ u seen.
  Proof.
    intros Hexec1 Hflight Hwait Hrun Honly Hstep Hfails Ht Hu Hne Hu'.
    pose proof (in_flight_begun _ _ _ _ _ Hexec1 Hu) as Hle.
    destruct Hflight as (c1 & Hc1 & Hk1).
    assert (remembers χ1 t (begun χ1)) as Hr.
    { exists c1. unfold grows, last_seen. by rewrite Hk1. }
    eapply keeps_remembering in Hr; [|done|exact Hwait|eauto].
    assert (∃ tr p, pressure_exec tr p χ2) as Hexec2 by (do 2 eexists; by econstructor).
    clear Hwait. revert Hexec2 Hr. induction Hrun as [|χ2 e2 χ3 tr2 χ Hs _ IH];
      intros [tr [p Hexec2]] Hr.
    - destruct (L3_fails_under_no_growth _ _ _ _ _ _ Hexec2 Hstep Hfails Ht) as (_ & _ & _ & Hlast).
      destruct (Hlast u seen Hu' Hne) as (c & k & Hc & Hk & Hlt).
      destruct Hr as (c' & Hc' & _ & Hb). simplify_eq. unfold last_seen in Hb. rewrite Hk in Hb. lia.
    - apply IH; [set_solver|done|done|done|do 2 eexists; by econstructor|].
      eapply keeps_remembering; [done|exact Hs|apply Honly; set_solver|done].
  Qed.

  (** A batch that ends short, or with nothing, has seen callers hold every slot. *)
  Theorem L3_short_only_when_callers_hold_all tr peak χ e χ' :
    pressure_exec tr peak χ → pressure_step χ e χ' → call_falls_short χ e →
    held (shared χ') = cap * length (segments (shared χ')) ∧ trimmers (shared χ') = 0.
  Proof.
    intros Hexec Hstep (t & got & len & rem & obt & -> & Hp & Hlt).
    destruct (exec_below _ _ _ Hexec) as (tr' & peak' & Hbelow).
    inversion Hstep as [| | | | |? ? ? c' ? ? ? σ' Hc' Hg Hp' Hs Hnone Hseen| | | | | |].
    subst. simplify_eq. specialize (Hnone Hlt). simpl.
    destruct (step_phase cfg Hcfg _ _ _ Hs) as (p & p' & Hp0 & Hp1 & Hgrow & ->).
    pose proof (step_trimmers cfg Hcfg _ _ _ _ _ Hs Hp0 Hp1) as Htrim. simpl in Htrim.
    assert (trimmers σ' = 0) as Hnone' by lia. split; [|done].
    rewrite held_without_trims by done. eapply full_is_live; [by econstructor|].
    inversion Hs as [| | |sg ph ? ? ? ? ? sg' Ht Htakes Hle Hfull Heq| | | |]; subst.
    simpl. rewrite <-Heq in *. simpl in *. simplify_eq. by apply Hfull.
  Qed.

  (** ** L1 *)

  Lemma trimmers_step σ a σ' :
    step σ a σ' → match a with
      | TrimClaim _ _ => trimmers σ' = S (trimmers σ)
      | TrimRelease _ _ => S (trimmers σ') = trimmers σ
      | _ => trimmers σ' = trimmers σ
      end.
  Proof.
    intros Hs. destruct (step_phase cfg Hcfg _ _ _ Hs) as (p & p' & Hp & Hp' & Hch).
    pose proof (step_trimmers cfg Hcfg _ _ _ _ _ Hs Hp Hp') as Htrim. clear Hs Hp Hp'.
    destruct a; simpl in *; destruct p, p'; naive_solver lia.
  Qed.

  (** A call waits only while no slot is free, and for somebody: for a trim, or for a
      growth that is in flight. *)
  Theorem L1_waits_for_somebody tr peak χ t acts χ' :
    pressure_exec tr peak χ → pressure_step χ (Waits t acts) χ' →
    live (shared χ') = cap * length (segments (shared χ')) ∧
    (0 < trimmers (shared χ') ∨
     ∃ c, calls χ' !! t = Some c ∧ waits c ∧ awaits χ' t (last_seen χ' c)).
  Proof.
    intros Hexec Hstep. destruct (exec_below _ _ _ Hexec) as (tr' & peak' & Hbelow).
    assert (∀ c c' σ', calls χ !! t = Some c → awaits χ t (last_seen χ c) → waits c' →
      last_seen χ c' = last_seen χ c → ∃ c0, calls (with_call χ t c' σ') !! t = Some c0 ∧
        waits c0 ∧ awaits (with_call χ t c' σ') t (last_seen (with_call χ t c' σ') c0)) as Hkept.
    { intros c c' σ' Hc (u & k & Hne & (cu & Hu & Hk) & Hle) Hw Hsame. exists c'. split_and!.
      - apply list_lookup_insert. by eapply lookup_lt_Some.
      - done.
      - exists u, k. split_and!; [done|exists cu; by simpl; rewrite list_lookup_insert_ne|].
        unfold last_seen in *. destruct (stands c'); simpl in *; lia. }
    inversion Hstep as [|? ? n c Hc Hasks Hn Hp Hfull Hwhy
      |? ? n got c σ' Hc Hasks Hn Hs Hfull Hwhy| | |
      |? ? c s len rem obt Hc Hg Hw Hp Hfull Hwhy
      |? ? got c s len rem obt σ1 observed σ2 Hc Hg Hw Hp Hgot Htrim Hs Hs2| | | |]; subst; simpl.
    - split; [by eapply full_is_live|]. destruct Hwhy; [by left|right]. by eapply Hkept.
    - split; [eapply full_is_live; [by econstructor|done]|].
      pose proof (trimmers_step _ _ _ Hs) as ->.
      destruct Hwhy; [by left|right]. by eapply Hkept.
    - split; [by eapply full_is_live|].
      destruct (decide (0 < trimmers (shared χ))); [by left|right].
      destruct Hwhy as [|[_ Hawaits]], Hw as [->|[_ ?]]; try lia. by eapply Hkept.
    - destruct (step_phase cfg Hcfg _ _ _ Hs) as (p & p' & Hp0 & Hp' & Hgrow & ->).
      pose proof (step_trimmers cfg Hcfg _ _ _ _ _ Hs Hp0 Hp').
      destruct (step_phase cfg Hcfg _ _ _ Hs2) as (p2 & p3 & Hp2 & Hp3 & -> & Hobs & Hnot).
      pose proof (step_trimmers cfg Hcfg _ _ _ _ _ Hs2 Hp2 Hp3).
      destruct p; simpl in *; try done. split; [|left; destruct p3; simpl in *; try done; lia].
      eapply full_is_live; [eapply exec_step; [eapply exec_step; [exact Hbelow|exact Hs]|exact Hs2]|].
      inversion Hs2 as [sg ph ? ? ? sg' Ht Hn Htakes Hle Hfull q Heq| | | | | | |]; subst.
      simpl. apply Hfull. simpl. lia.
  Qed.

  (** Those for whom a call waits only become fewer, until it ends. *)
  Theorem L1_awaited_only_end tr peak χ e χ' t c :
    pressure_exec tr peak χ → pressure_step χ e χ' → calls χ !! t = Some c → waits c →
    (∀ u number, number ≤ last_seen χ c → in_flight χ' u number → in_flight χ u number) ∧
    (∀ c', calls χ' !! t = Some c' → waits c' → last_seen χ' c' = last_seen χ c).
  Proof.
    intros Hexec Hstep Hc Hwaits. split.
    - intros u k Hle Hu. eapply in_flight_back; [done..|].
      destruct (fits _ _ _ _ _ Hexec Hc) as (p & _ & Hfit).
      pose proof (last_seen_begun cfg Hcfg _ _ _ Hfit). lia.
    - intros c' Hc'. destruct (decide (by_thread e = t)) as [<-|Ht].
      + assert (∀ s h b, waits_as χ c s → waits (Call s h b) →
          last_seen χ' (Call s h b) = last_seen χ c) as Hsame.
        { unfold waits, waits_as, last_seen in *. simpl. intros s h b [->|[-> _]] Hw; [done|].
          by destruct (stands c). }
        destruct Hstep; simpl in *; rewrite list_lookup_insert in Hc'
          by (by eapply lookup_lt_Some); simplify_eq; auto.
        all: first [by intros []|by destruct observed|by unfold waits, last_seen in *; case_match].
      + apply (pressure_exec_ok cfg Hcfg) in Hexec.
        destruct (step_shape cfg Hcfg _ _ _ Hexec Hstep) as (c0 & c1 & p' & [_ Hcalls _ _ _ _]).
        rewrite Hcalls, list_lookup_insert_ne in Hc' by done. simplify_eq. intros _.
        unfold waits, last_seen in *. by case_match.
  Qed.

  (** So do the trims, while a call waits for one. *)
  Theorem L1_trims_only_end χ e χ' t c :
    pressure_step χ e χ' → calls χ !! t = Some c → for_trims c = true →
    trimmers (shared χ') ≤ trimmers (shared χ).
  Proof.
    intros Hstep Hc Hflag.
    destruct Hstep as [χ u n got observed c0 σ' _ _ Hs|?|χ u n got c0 σ' _ _ _ Hs|χ u got c0 k σ' _ _ Hs
      |χ u got a fresh observed c0 k σ' _ _ Hs _|χ u got c0 len rem obt σ' _ _ _ Hs|?
      |χ u got c0 s len rem obt σ1 observed σ2 _ _ _ _ _ _ Hs Hs2
      |χ u blocks c0 σ' _ _ Hs|χ u i c0 σ' _ _ Hs Hnone|χ u i c0 σ' _ Hs|χ u v b c0 σ' _ Hs];
      simpl; try done; try (by specialize (Hnone _ _ Hc); congruence);
      pose proof (trimmers_step _ _ _ Hs) as Hle; simpl in Hle; try lia.
    pose proof (trimmers_step _ _ _ Hs2) as Hle2; simpl in Hle2. lia.
  Qed.

  (** Whoever is awaited goes on: a trim always, *)
  Theorem L1_trim_can_finish tr peak χ t i :
    pressure_exec tr peak χ → phases (shared χ) !! t = Some (Trimming i) →
    ∃ χ', pressure_step χ (Does (TrimRelease t i)) χ' ∧
      S (trimmers (shared χ')) = trimmers (shared χ).
  Proof.
    intros Hexec Ht. destruct (exec_below _ _ _ Hexec) as (tr' & peak' & Hbelow).
    destruct (trim_can_finish cfg Hcfg _ _ _ _ _ Hbelow Ht) as [σ' Hs].
    apply (pressure_exec_ok cfg Hcfg) in Hexec as [Hlen _ _].
    destruct (lookup_lt_is_Some_2 (calls χ) t) as [c Hc].
    { rewrite Hlen. by eapply lookup_lt_Some. }
    exists (with_call χ t c σ'). split; [by econstructor|]. by apply trimmers_step in Hs.
  Qed.

  Lemma ends_flight χ c u number σ' last :
    is_Some (calls χ !! u) → stands c ≠ InFlight number →
    ¬ in_flight (PressureState σ' (<[u := c]> (calls χ)) last) u number.
  Proof.
    intros Hu%lookup_lt_is_Some Hk (c' & Hc' & Hk'). simpl in Hc'.
    rewrite list_lookup_insert in Hc' by done. congruence.
  Qed.

  Lemma awaits_dec χ t seen : awaits χ t seen ∨ ¬ awaits χ t seen.
  Proof.
    set (P := λ u, u ≠ t ∧
      match stands <$> calls χ !! u with Some (InFlight k) => k ≤ seen | _ => False end).
    assert (∀ u, Decision (P u)) by (intros u; unfold P; repeat case_match; apply _).
    assert (awaits χ t seen ↔ Exists P (seq 0 (length (calls χ)))) as ->;
      [|destruct (decide (Exists P (seq 0 (length (calls χ))))); auto].
    rewrite Exists_exists. split.
    - intros (u & k & Hne & (c & Hc & Hk) & Hle). exists u. split.
      + apply elem_of_seq. apply lookup_lt_Some in Hc. lia.
      + split; [done|]. rewrite Hc; simpl. by rewrite Hk.
    - intros (u & _ & Hne & Hu). destruct (calls χ !! u) as [c|] eqn:Hc; simpl in Hu; [|done].
      destruct (stands c) as [| |k|] eqn:Hk; try done.
      exists u, k. split_and!; [done| |done]. by exists c.
  Qed.

  (** a growth in flight when no trim is under way, whether the backing delivered or
      refused: then it is no longer in flight; *)
  Theorem L1_growth_in_flight_ends tr peak χ u number :
    pressure_exec tr peak χ → trimmers (shared χ) = 0 → in_flight χ u number →
    (∃ got χ', pressure_step χ (Does (Reuse u got)) χ' ∧ ¬ in_flight χ' u number) ∨
    (∃ got a fresh observed χ', pressure_step χ (Does (Install u got a fresh observed)) χ' ∧
      ¬ in_flight χ' u number).
  Proof.
    intros Hexec Hnone (c & Hc & Hk).
    destruct (fits _ _ _ _ _ Hexec Hc) as (p & Hp & Hfit).
    unfold call_fits in Hfit. rewrite Hk in Hfit. destruct Hfit as [Hgrow Hle].
    destruct p as [|len rem obt|]; try done.
    destruct (grow_progress cfg Hcfg _ _ _ _ _ Hp)
      as [(got & σ' & Hs)|(got & a & fresh & observed & σ' & Hs)]; [left|right].
    - exists got, (with_call χ u no_call σ'). split; [by econstructor|].
      by apply (ends_flight _ no_call).
    - exists got, a, fresh, observed, (after χ u observed (has c) σ'). split; [by econstructor|].
      unfold after. eapply (ends_flight _ _); [done|]. destruct observed; simpl; [|done].
      intros [= Heq]. lia.
  Qed.

  Theorem L1_refused_growth_ends tr peak χ u number :
    pressure_exec tr peak χ → trimmers (shared χ) = 0 → in_flight χ u number →
    (∃ got χ', pressure_step χ (Does (Refused u got)) χ' ∧ ¬ in_flight χ' u number) ∨
    (∃ χ', pressure_step χ (Waits u []) χ' ∧ ¬ in_flight χ' u number).
  Proof.
    intros Hexec Hnone (c & Hc & Hk).
    destruct (fits _ _ _ _ _ Hexec Hc) as (p & Hp & Hfit).
    unfold call_fits in Hfit. rewrite Hk in Hfit. destruct Hfit as [Hgrow Hle].
    destruct p as [|len rem obt|]; try done.
    assert (grows c) as Hg by (unfold grows; by rewrite Hk).
    destruct (refused_progress cfg Hcfg _ _ _ _ _ Hp) as (got & σ' & Hs).
    destruct (decide (has c + obt + length got = 0)) as [Hempty|Hsome];
      [destruct (awaits_dec χ u (last_seen χ c)) as [Hawaits|Hfree]|].
    - right. destruct got; simpl in *; [|lia].
      exists (with_call χ u (Call (Waiting (last_seen χ c)) (has c)
        (trims_now χ)) (shared χ)).
      split; [|by apply ends_flight].
      eapply pressure_waits; [done..|by left|done| |right; split; [lia|done]].
      destruct (exec_below _ _ _ Hexec) as (tr' & peak' & Hbelow).
      destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hbelow Hp) as [Hrem _].
      inversion Hs as [| | |sg ph ? ? ? ? ? sg' Ht Htakes _ Hfull Heq| | | |]; subst.
      rewrite <-Heq in *. simpl in *. simplify_eq. inversion Htakes; subst. apply Hfull. lia.
    - left. exists got, (with_call χ u no_call σ').
      split; [by econstructor|by apply (ends_flight _ no_call)].
    - left. exists got, (with_call χ u no_call σ').
      split; [by econstructor|by apply (ends_flight _ no_call)].
  Qed.

  (** and a waiting call once nobody is awaited. *)
  Theorem L1_waiter_goes_on tr peak χ t c :
    pressure_exec tr peak χ → trimmers (shared χ) = 0 → calls χ !! t = Some c →
    match stands c with
    | Entering n _ => ∃ got observed χ', pressure_step χ (Does (Start t n got observed)) χ'
    | Waiting seen => awaits χ t seen ∨ ∃ got χ', pressure_step χ (Does (Refused t got)) χ'
    | _ => True
    end.
  Proof.
    intros Hexec Hnone Hc. destruct (fits _ _ _ _ _ Hexec Hc) as (p & Hp & Hfit).
    unfold call_fits in Hfit. destruct (stands c) as [|n seen|k|seen] eqn:Hk; try done.
    - destruct Hfit as (-> & Hn & _).
      destruct (start_progress cfg Hcfg _ _ _ Hp Hn) as (got & observed & σ' & Hs).
      exists got, observed, (after χ t observed (has c) σ').
      eapply pressure_start; [done|by unfold asks_for; rewrite Hk|done|done].
    - destruct Hfit as [Hgrow _]. destruct p as [|len rem obt|]; try done.
      destruct (awaits_dec χ t seen) as [Hawaits|Hfree]; [by left|right].
      destruct (refused_progress cfg Hcfg _ _ _ _ _ Hp) as (got & σ' & Hs).
      exists got, (with_call χ t no_call σ').
      eapply pressure_refused; [done| |done|done|done|].
      + unfold grows. by rewrite Hk.
      + unfold last_seen. by rewrite Hk.
  Qed.

  (** Hence no deadlock: while a call is not at its end somebody goes on, and that is the
      call itself, or a trim, or a growth in flight that ends. *)
  Theorem L1_no_deadlock tr peak χ t c :
    pressure_exec tr peak χ → calls χ !! t = Some c → stands c ≠ Settled →
    ∃ a χ', pressure_step χ (Does a) χ' ∧
      ((∃ i, a = TrimRelease (actor a) i) ∨
       (∃ number, in_flight χ (actor a) number ∧ ¬ in_flight χ' (actor a) number) ∨
       (actor a = t ∧ ∃ n got observed, a = Start t n got observed ∨ a = Refused t got)).
  Proof.
    intros Hexec Hc Hk. destruct (decide (trimmers (shared χ) = 0)) as [Hnone|Hsome].
    - assert ((∃ u number, in_flight χ u number) ∨
        match stands c with
        | Entering n _ => ∃ got observed χ', pressure_step χ (Does (Start t n got observed)) χ'
        | Waiting _ => ∃ got χ', pressure_step χ (Does (Refused t got)) χ'
        | _ => False
        end) as [(u & number & Hu)|Hown].
      { pose proof (L1_waiter_goes_on _ _ _ _ _ Hexec Hnone Hc) as Hgoes.
        destruct (stands c) as [|n seen|number|seen] eqn:Hstands; [done|by right| |].
        - left. exists t, number, c. done.
        - destruct Hgoes as [(u & number & _ & Hu & _)|]; [left; eauto|by right]. }
      + destruct (L1_growth_in_flight_ends _ _ _ _ _ Hexec Hnone Hu)
          as [(got & χ' & Hs & Hends)|(got & a & fresh & observed & χ' & Hs & Hends)];
          do 2 eexists; (split; [exact Hs|right; left; by exists number]).
      + destruct (stands c); try done.
        * destruct Hown as (got & observed & χ' & Hs). do 2 eexists.
          split; [exact Hs|right; right]. split; [done|]. do 3 eexists. by left.
        * destruct Hown as (got & χ' & Hs). do 2 eexists.
          split; [exact Hs|right; right]. split; [done|]. exists 0, got, None. by right.
    - destruct (sum_list_with_pos trimming (phases (shared χ))) as (u & p & Hp & Hpos).
      { unfold trimmers in Hsome. lia. }
      destruct p as [| |i]; simpl in Hpos; [lia|lia|].
      destruct (L1_trim_can_finish _ _ _ _ _ Hexec Hp) as (χ' & Hs & _).
      do 2 eexists. split; [exact Hs|]. left. by exists i.
  Qed.
End pressure_progress.
