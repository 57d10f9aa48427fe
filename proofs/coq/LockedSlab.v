(** The code of phases 1 to 3 in HeapLang, proved in Iris.

    System.v takes each critical section in one step and leaves open how it is
    made. Here it is code: a spin lock, a list of segments, in each segment a
    carve index and a freelist whose links lie in the free slots themselves.
    [allocate] gives exclusive ownership of a block's memory, [deallocate] takes it
    back, for any client and any number of threads. The lock's invariant says that
    the memory represents a state that System.v reaches, so that every theorem
    about reachable states holds of the code; [count_spec] shows it for growth.

    What HeapLang leaves out: memory is sequentially consistent, integers have no
    bound, a slot is one cell, memory is never unmapped, and the walks here are
    linear where the C++ code has bitmaps and a directory. Batches, trim, initial
    segments and bad pointers are not in this file. The model checker covers the
    first (on small programs), the tests and fuzzers the others.

    TRUSTED[coq.heaplang]: HeapLang's semantics is that of the code below; nothing
    but the reader's eye ties that code to the C++ source. *)
From iris.algebra.lib Require Import mono_list.
From iris.base_logic.lib Require Import ghost_map.
From iris.heap_lang Require Import proofmode notation.
From iris.heap_lang.lib Require Import lock spin_lock.
From slabproof Require Import Segment System Invariant Ownership Growth FirstFit.
From iris.prelude Require Import options.
Set Default Proof Using "All".

(** ** Code *)

(** A segment is a head cell, a carve cell and an array of [cap] slots. *)
Definition new_segment : val := λ: "cap",
  let: "slots" := AllocN "cap" #() in
  let: "head" := ref NONE in
  let: "carve" := ref #0 in
  ("head", "carve", "slots").

Definition take_from : val := λ: "cap" "s",
  let: "head" := Fst (Fst "s") in
  let: "carve" := Snd (Fst "s") in
  let: "slots" := Snd "s" in
  match: !"head" with
    SOME "j" => "head" <- !("slots" +ₗ "j");; SOME "j"
  | NONE =>
      let: "c" := !"carve" in
      if: "c" < "cap" then "carve" <- "c" + #1;; SOME "c" else NONE
  end.

(** The lowest segment of a list that has room. *)
Definition take_lowest : val := rec: "take" "cap" "l" :=
  match: "l" with
    NONE => NONE
  | SOME "p" =>
      match: take_from "cap" (Fst "p") with
        SOME "j" => SOME (Fst "p", "j")
      | NONE => "take" "cap" (Snd "p")
      end
  end.

Definition list_length : val := rec: "length" "l" :=
  match: "l" with NONE => #0 | SOME "p" => #1 + "length" (Snd "p") end.
Definition list_drop : val := rec: "drop" "n" "l" :=
  if: "n" = #0 then "l" else
  match: "l" with NONE => NONE | SOME "p" => "drop" ("n" - #1) (Snd "p") end.
Definition list_snoc : val := rec: "snoc" "l" "x" :=
  match: "l" with
    NONE => SOME ("x", NONE)
  | SOME "p" => SOME (Fst "p", "snoc" (Snd "p") "x")
  end.

(** [all] is the re-check scope; [refuses] is the backing's answer to a request. *)
Definition allocate : val := λ: "cap" "all" "refuses" "lk" "r",
  acquire "lk";;
  match: take_lowest "cap" !"r" with
    SOME "h" => release "lk";; SOME "h"
  | NONE =>
      let: "observed" := list_length !"r" in
      release "lk";;
      if: "refuses" #() then
        acquire "lk";;
        let: "h" := take_lowest "cap" !"r" in
        release "lk";; "h"
      else
        let: "s" := new_segment "cap" in
        acquire "lk";;
        let: "l" := !"r" in
        let: "from" := if: "all" then #0 else "observed" in
        match: take_lowest "cap" (list_drop "from" "l") with
          SOME "h" => release "lk";; SOME "h"
        | NONE =>
            "r" <- list_snoc "l" "s";;
            let: "j" := take_from "cap" "s" in
            release "lk";;
            match: "j" with SOME "k" => SOME ("s", "k") | NONE => NONE end
        end
  end.

Definition deallocate : val := λ: "lk" "h",
  let: "s" := Fst "h" in
  let: "j" := Snd "h" in
  acquire "lk";;
  let: "head" := Fst (Fst "s") in
  Snd "s" +ₗ "j" <- !"head";;
  "head" <- SOME "j";;
  release "lk".

Definition segment_count : val := λ: "lk" "r",
  acquire "lk";; let: "n" := list_length !"r" in release "lk";; "n".

Definition new_slab : val := λ: <>,
  let: "r" := ref NONE in let: "lk" := newlock #() in ("lk", "r").

(** ** Proof *)
Class slabG Σ := SlabG {
  slab_lockG : lockG Σ;
  slab_phaseG : ghost_mapG Σ nat phase;
  slab_listG : inG Σ (mono_listR (leibnizO val));
}.
Local Existing Instances slab_lockG slab_phaseG slab_listG.

Section proof.
  Context `{!heapGS Σ, !slabG Σ}.
  Context (cap : nat) (Hcap : (0 < cap)%nat) (all : bool) (N : nat).

  Definition slab_config : config :=
    Config cap (if all then AllSegments else NewSegments) true false 1 N [].
  Local Notation exec := (System.exec slab_config).
  Local Notation step := (System.step slab_config).

  Lemma slab_config_ok : config_ok slab_config.
  Proof. split; [exact Hcap|constructor]. Qed.

  (** *** Representation *)
  Definition head_val (l : list nat) : val :=
    match l with [] => NONEV | j :: _ => SOMEV #(j : nat) end.
  (** Each free slot holds the link to the next. *)
  Fixpoint links (slots : loc) (l : list nat) : iProp Σ :=
    match l with
    | [] => True
    | j :: rest => (slots +ₗ j) ↦ head_val rest ∗ links slots rest
    end.
  Fixpoint list_val (vs : list val) : val :=
    match vs with [] => NONEV | v :: vs => SOMEV (v, list_val vs) end.

  (** The slab's part of a segment: its two cells, the free slots, those not carved. *)
  Definition represents (s : segment) (v : val) : iProp Σ :=
    ∃ head carve slots : loc, ⌜v = (#head, #carve, #slots)%V⌝ ∗
      head ↦ head_val (freelist s) ∗ carve ↦ #(carved s) ∗
      links slots (freelist s) ∗
      [∗ list] j ∈ seq (carved s) (cap - carved s), ∃ w, (slots +ₗ (j : nat)) ↦ w.

  (** The client's part: one slot's memory, with what lies in it. *)
  Definition slot_memory (v : val) (j : nat) (w : val) : iProp Σ :=
    ∃ head carve slots : loc, ⌜v = (#head, #carve, #slots)%V⌝ ∗ ⌜(j < cap)%nat⌝ ∗
      (slots +ₗ j) ↦ w.

  Lemma slot_memory_exclusive v j w w' : slot_memory v j w -∗ slot_memory v j w' -∗ False.
  Proof.
    iIntros "(%h&%c&%a&->&_&H) (%h'&%c'&%a'&%&_&H')". simplify_eq.
    by iDestruct (mapsto_ne with "H H'") as %?.
  Qed.

  Lemma take_from_spec t s v :
    {{{ represents s v ∗ ⌜segment_ok cap s⌝ }}}
      take_from #cap v
    {{{ r, RET r;
        (⌜r = NONEV ∧ full cap s⌝ ∗ represents s v) ∨
        (∃ j s' w, ⌜r = SOMEV #(j : nat) ∧ take_slot cap t s = Some (j, s')⌝ ∗
                   represents s' v ∗ slot_memory v j w) }}}.
  Proof.
    iIntros (Φ) "[(%head&%carve&%slots&->&Hhead&Hcarve&Hlinks&Huncarved) %Hok] HΦ".
    wp_lam. wp_pures. wp_load.
    destruct s as [a l c o]; simpl. destruct l as [|j l]; wp_pures.
    - wp_load. wp_pures. case_bool_decide as Hlt; wp_pures.
      + wp_store. wp_pures. iApply "HΦ". iModIntro. iRight.
        replace (cap - c)%nat with (S (cap - S c)) by lia. simpl.
        iDestruct "Huncarved" as "[[%w Hslot] Huncarved]".
        iExists c, _, w. iSplit.
        { iPureIntro. split; [done|]. unfold take_slot; simpl.
          destruct (Nat.ltb_spec c cap); [done|lia]. }
        iSplitR "Hslot".
        * iExists head, carve, slots. simpl. iFrame.
          replace (c + 1)%Z with (S c : Z) by lia. by iFrame.
        * iExists head, carve, slots. iFrame. iPureIntro. split; [done|lia].
      + iApply "HΦ". iModIntro. iLeft. iSplit.
        { iPureIntro. split; [done|]. split; [done|simpl; lia]. }
        iExists head, carve, slots. by iFrame.
    - simpl. iDestruct "Hlinks" as "[Hj Hlinks]". wp_load. wp_store. wp_pures.
      iApply "HΦ". iModIntro. iRight. iExists j, _, _. iSplit; [done|].
      iSplitR "Hj".
      + iExists head, carve, slots. simpl. by iFrame.
      + iExists head, carve, slots. iFrame. iPureIntro. split; [done|].
        destruct Hok as [_ _ Hprefix Hle _ _]; simpl in *.
        assert (j < c)%nat; [|lia]. apply Hprefix. left. set_solver.
  Qed.

  Lemma take_lowest_spec t sg vs :
    {{{ ([∗ list] s;v ∈ sg;vs, represents s v) ∗ ⌜Forall (segment_ok cap) sg⌝ }}}
      take_lowest #cap (list_val vs)
    {{{ r, RET r;
        (⌜r = NONEV ∧ Forall (full cap) sg⌝ ∗ [∗ list] s;v ∈ sg;vs, represents s v) ∨
        (∃ i s v j s' w, ⌜r = SOMEV (v, #(j : nat)) ∧ sg !! i = Some s ∧
            vs !! i = Some v ∧ take_slot cap t s = Some (j, s') ∧
            (∀ k sk, (k < i)%nat → sg !! k = Some sk → full cap sk)⌝ ∗
            ([∗ list] s;v ∈ <[i:=s']> sg;vs, represents s v) ∗ slot_memory v j w) }}}.
  Proof.
    iIntros (Φ) "[Hsg %Hok] HΦ".
    iInduction vs as [|v vs] "IH" forall (sg Hok Φ); wp_lam; wp_pures.
    - iDestruct (big_sepL2_nil_inv_r with "Hsg") as %->.
      iApply "HΦ". iModIntro. iLeft. by iSplit.
    - iDestruct (big_sepL2_cons_inv_r with "Hsg") as (s sg' ->) "[Hs Hsg]".
      apply Forall_cons in Hok as [Hoks Hok].
      wp_apply (take_from_spec t with "[$Hs //]").
      iIntros (r) "[[[-> %Hfull] Hs]|(%j&%s'&%w&[-> %Htake]&Hs&Hslot)]"; wp_pures.
      + wp_apply ("IH" with "[//] Hsg").
        iIntros (r) "[[[-> %Hrest] Hsg]|(%i&%s1&%v1&%j&%s'&%w&%H&Hsg&Hslot)]"; iApply "HΦ".
        * iLeft. iFrame. iPureIntro. split; [done|]. by constructor.
        * destruct H as (->&?&?&?&Hlow). iRight.
          iExists (S i), s1, v1, j, s', w. simpl. iFrame. iPureIntro.
          split_and!; [done..|]. intros [|k] sk Hk Hsk; simplify_eq/=; [done|].
          eapply Hlow; [|done]. lia.
      + iApply "HΦ". iModIntro. iRight.
        iExists 0%nat, s, v, j, s', w. simpl. iFrame. iPureIntro.
        split_and!; [done..|]. intros; lia.
  Qed.

  Lemma list_length_spec vs :
    {{{ True }}} list_length (list_val vs) {{{ RET #(length vs); True }}}.
  Proof.
    iIntros (Φ) "_ HΦ". iInduction vs as [|v vs] "IH" forall (Φ); wp_lam; wp_pures.
    - by iApply "HΦ".
    - wp_apply "IH". iIntros "_". wp_pures. iModIntro.
      replace (1 + length vs)%Z with (length (v :: vs) : Z) by (simpl; lia).
      by iApply "HΦ".
  Qed.
  Lemma list_drop_spec n vs :
    {{{ True }}} list_drop #(n : nat) (list_val vs) {{{ RET list_val (drop n vs); True }}}.
  Proof.
    iIntros (Φ) "_ HΦ". iInduction n as [|n] "IH" forall (vs Φ); wp_lam; wp_pures.
    - rewrite drop_0. by iApply "HΦ".
    - destruct vs as [|v vs]; wp_pures; [by iApply "HΦ"|].
      replace (S n - 1)%Z with (n : Z) by lia. by wp_apply "IH".
  Qed.
  Lemma list_snoc_spec vs x :
    {{{ True }}} list_snoc (list_val vs) x {{{ RET list_val (vs ++ [x]); True }}}.
  Proof.
    iIntros (Φ) "_ HΦ". iInduction vs as [|v vs] "IH" forall (Φ); wp_lam; wp_pures.
    - by iApply "HΦ".
    - wp_apply "IH". iIntros "_". wp_pures. by iApply "HΦ".
  Qed.

  Lemma new_segment_spec a :
    {{{ True }}} new_segment #cap {{{ v, RET v; represents (empty_segment cap a) v }}}.
  Proof.
    iIntros (Φ) "_ HΦ". wp_lam.
    wp_apply wp_allocN_seq; [lia|done|]. iIntros (slots) "Hslots". rewrite Nat2Z.id.
    wp_pures. wp_alloc head as "Hhead". wp_alloc carve as "Hcarve". wp_pures.
    iApply "HΦ". iModIntro. iExists head, carve, slots. simpl. rewrite Nat.sub_0_r. iFrame.
    iSplit; [done|]. iSplit; [done|]. iApply (big_sepL_impl with "Hslots").
    iIntros "!>" (k x _) "[H _]". eauto.
  Qed.

  (** *** The lock's invariant *)
  Definition slab_inv (γp γl : gname) (r : loc) : iProp Σ :=
    ∃ tr peak σ (vs : list val) (m : gmap nat phase),
      ⌜exec tr peak σ ∧ (∀ a, a ∈ tr → ¬ is_trim a)⌝ ∗ r ↦ list_val vs ∗
      ([∗ list] s;v ∈ segments σ;vs, represents s v) ∗
      ghost_map_auth γp 1 m ∗ ⌜∀ t p, m !! t = Some p → phases σ !! t = Some p⌝ ∗
      own γl (●ML (vs : list (leibnizO val))).

  Definition is_slab (γk γp γl : gname) (lk : val) (r : loc) : iProp Σ :=
    is_lock γk lk (slab_inv γp γl r).

  (** Ownership of the block [h], which holds [w]. *)
  Definition block_at (γl : gname) (h w : val) : iProp Σ :=
    ∃ (v : val) (j i : nat) (l : list val), ⌜h = (v, #j)%V ∧ l !! i = Some v⌝ ∗
      own γl (◯ML (l : list (leibnizO val))) ∗ slot_memory v j w.

  (** S1: nobody else owns it. *)
  Theorem S1_block_exclusive γl h w w' : block_at γl h w -∗ block_at γl h w' -∗ False.
  Proof.
    iIntros "(%v&%j&%i&%l&[-> _]&_&H) (%v'&%j'&%i'&%l'&[%Heq _]&_&H')".
    simplify_eq. iApply (slot_memory_exclusive with "H H'").
  Qed.

  Lemma list_snapshot γl (vs : list val) :
    own γl (●ML (vs : list (leibnizO val))) -∗
    own γl (●ML (vs : list (leibnizO val))) ∗ own γl (◯ML (vs : list (leibnizO val))).
  Proof. iIntros "H". iApply own_op. by rewrite -mono_list_auth_lb_op. Qed.

  Lemma links_elem slots l (j : nat) : j ∈ l → links slots l -∗ ∃ w, (slots +ₗ j) ↦ w.
  Proof.
    induction l as [|k l IH]; intros Hj; [by apply elem_of_nil in Hj|].
    apply elem_of_cons in Hj as [->|Hj]; simpl; iIntros "[H Hl]"; [eauto|]. by iApply IH.
  Qed.

  (** A slot that a client owns is live in the system. *)
  Lemma slot_memory_live s v (j : nat) w :
    segment_ok cap s → represents s v -∗ slot_memory v j w -∗ ⌜∃ o, slot_owner s j = Some o⌝.
  Proof.
    iIntros (Hok) "(%h&%c&%a&->&Hhead&Hcarve&Hlinks&Huncarved) (%h'&%c'&%a'&%Heq&%Hj&Hslot)".
    simplify_eq.
    destruct (decide (j ∈ freelist s)) as [Hin|Hnin].
    { iDestruct (links_elem with "Hlinks") as (w') "H"; [done|].
      by iDestruct (mapsto_ne with "Hslot H") as %?. }
    destruct (decide (carved s ≤ j)%nat) as [Hge|Hlt].
    { iDestruct (big_sepL_elem_of _ _ j with "Huncarved") as (w') "H".
      { apply elem_of_seq. lia. }
      by iDestruct (mapsto_ne with "Hslot H") as %?. }
    iPureIntro. destruct Hok as [_ _ Hprefix _ _ _].
    destruct (Hprefix j) as [[?|[o ?]] _]; [lia|done|eauto].
  Qed.

  (** *** Steps of the system, for one block *)
  Lemma takes_one (looks : nat → Prop) t sg i s j s' :
    looks i → (∀ k sk, (k < i)%nat → looks k → sg !! k = Some sk → full cap sk) →
    sg !! i = Some s → take_slot cap t s = Some (j, s') →
    takes slab_config looks t sg [(i, j)] (<[i:=s']> sg).
  Proof. intros. econstructor; [done|by intros _|done|done|constructor]. Qed.

  Lemma forall_full_where (looks : nat → Prop) sg :
    Forall (full cap) sg → full_where slab_config looks sg.
  Proof. intros Hall i s _ Hi. by eapply Forall_lookup_1. Qed.

  Lemma untrimmed_snoc tr a :
    (∀ b, b ∈ tr → ¬ is_trim b) → ¬ is_trim a → ∀ b, b ∈ tr ++ [a] → ¬ is_trim b.
  Proof. intros Htr Ha b [?| ->%elem_of_list_singleton]%elem_of_app; [by apply Htr|done]. Qed.

  Lemma phases_update (m : gmap nat phase) (ph : list phase) t p q :
    ph !! t = Some q → (∀ u r, m !! u = Some r → ph !! u = Some r) →
    ∀ u r, <[t:=p]> m !! u = Some r → <[t:=p]> ph !! u = Some r.
  Proof.
    intros Ht Hm u r [[<- <-]|[Hne Hu]]%lookup_insert_Some.
    - apply list_lookup_insert. by eapply lookup_lt_Some.
    - rewrite list_lookup_insert_ne; [by apply Hm|done].
  Qed.

  Theorem allocate_spec γk γp γl lk r t (refuses : val) :
    {{{ is_slab γk γp γl lk r ∗ t ↪[γp] Idle ∗
        □ (∀ Ψ, (∀ b : bool, Ψ #b) -∗ WP refuses #() {{ Ψ }}) }}}
      allocate #cap #all refuses lk #r
    {{{ res, RET res; t ↪[γp] Idle ∗
        (⌜res = NONEV⌝ ∨ ∃ h w, ⌜res = SOMEV h⌝ ∗ block_at γl h w) }}}.
  Proof.
    pose proof slab_config_ok as Hcfg.
    iIntros (Φ) "(#Hlk & Ht & #Hrefuses) HΦ". wp_lam. wp_pures.
    wp_apply (acquire_spec with "Hlk"). iIntros "[Hlocked Hinv]".
    iDestruct "Hinv" as (tr peak [sg ph] vs m) "([%Hexec %Htrim]&Hr&Hsg&Hm&%Hph&Hl)"; simpl.
    iDestruct (ghost_map_lookup with "Hm Ht") as %Hmt. pose proof (Hph _ _ Hmt) as Hidle.
    pose proof (exec_ok slab_config Hcfg _ _ _ Hexec) as [Hok _]; simpl in Hok.
    wp_pures. wp_load. wp_apply (take_lowest_spec t with "[$Hsg //]").
    iIntros (res) "[[[-> %Hfull] Hsg]|(%i&%s&%v&%j&%s'&%w&%H&Hsg&Hslot)]"; wp_pures.
    2: { (* phase 1 serves *)
      destruct H as (->&Hi&Hv&Htake&Hlow). wp_pures.
      iDestruct (list_snapshot with "Hl") as "[Hl Hsnap]".
      wp_apply (release_spec with "[$Hlk $Hlocked Hr Hsg Hm Hl]").
      { iExists _, _, (State (<[i:=s']> sg) (<[t:=Idle]> ph)), vs, m. simpl. iFrame.
        iPureIntro. split_and!.
        - eapply exec_step; [exact Hexec|].
          eapply (step_start slab_config sg ph t 1 [(i, j)]); [done|simpl; lia| |simpl; lia|simpl; lia].
          eapply takes_one; [done| |done|done]. intros k sk ? _. by apply Hlow.
        - apply untrimmed_snoc; [done|simpl; tauto].
        - rewrite list_insert_id; done. }
      iIntros "_". wp_pures. iApply "HΦ". iModIntro. iFrame "Ht". iRight.
      iExists _, w. iSplit; [done|]. iExists v, j, i, vs. by iFrame. }
    (* every segment is full: remember the length and let the lock go *)
    wp_load. wp_apply list_length_spec; [done|]. iIntros "_". wp_pures.
    iDestruct (big_sepL2_length with "Hsg") as %Hlen. rewrite -Hlen.
    iMod (ghost_map_update (Growing (length sg) 1 0) with "Hm Ht") as "[Hm Ht]".
    wp_apply (release_spec with "[$Hlk $Hlocked Hr Hsg Hm Hl]").
    { iExists _, _, (State sg (<[t:=Growing (length sg) 1 0]> ph)), vs, _. simpl. iFrame.
      iPureIntro. split_and!.
      - eapply exec_step; [exact Hexec|].
        eapply (step_start slab_config sg ph t 1 [] sg); [done|simpl; lia|constructor|simpl; lia|].
        intros _. by apply forall_full_where.
      - apply untrimmed_snoc; [done|simpl; tauto].
      - by eapply phases_update. }
    iIntros "_". wp_pures. set (observed := length sg). clearbody observed.
    clear dependent tr peak sg ph vs m.
    wp_apply "Hrefuses". iIntros ([]); wp_pures.
    - (* the backing refused: one more look at all segments *)
      wp_apply (acquire_spec with "Hlk"). iIntros "[Hlocked Hinv]".
      iDestruct "Hinv" as (tr peak [sg ph] vs m) "([%Hexec %Htrim]&Hr&Hsg&Hm&%Hph&Hl)"; simpl.
      iDestruct (ghost_map_lookup with "Hm Ht") as %Hmt. pose proof (Hph _ _ Hmt) as Hgrow.
      pose proof (exec_ok slab_config Hcfg _ _ _ Hexec) as [Hok _]; simpl in Hok.
      wp_pures. wp_load. wp_apply (take_lowest_spec t with "[$Hsg //]").
      iMod (ghost_map_update Idle with "Hm Ht") as "[Hm Ht]".
      iIntros (res) "[[[-> %Hfull] Hsg]|(%i&%s&%v&%j&%s'&%w&%H&Hsg&Hslot)]"; wp_pures.
      + wp_apply (release_spec with "[$Hlk $Hlocked Hr Hsg Hm Hl]").
        { iExists _, _, (State sg (<[t:=Idle]> ph)), vs, _. simpl. iFrame.
          iPureIntro. split_and!.
          - eapply exec_step; [exact Hexec|].
            eapply (step_refused slab_config sg ph t _ _ _ [] sg); [done|constructor|simpl; lia|].
            intros _. by apply forall_full_where.
          - apply untrimmed_snoc; [done|simpl; tauto].
          - by eapply phases_update. }
        iIntros "_". wp_pures. iApply "HΦ". iModIntro. iFrame. by iLeft.
      + destruct H as (->&Hi&Hv&Htake&Hlow). wp_pures.
        iDestruct (list_snapshot with "Hl") as "[Hl Hsnap]".
        wp_apply (release_spec with "[$Hlk $Hlocked Hr Hsg Hm Hl]").
        { iExists _, _, (State (<[i:=s']> sg) (<[t:=Idle]> ph)), vs, _. simpl. iFrame.
          iPureIntro. split_and!.
          - eapply exec_step; [exact Hexec|].
            eapply (step_refused slab_config sg ph t _ _ _ [(i, j)]); [done| |simpl; lia|simpl; lia].
            eapply takes_one; [done| |done|done]. intros k sk ? _. by apply Hlow.
          - apply untrimmed_snoc; [done|simpl; tauto].
          - by eapply phases_update. }
        iIntros "_". wp_pures. iApply "HΦ". iModIntro. iFrame "Ht". iRight.
        iExists _, w. iSplit; [done|]. iExists v, j, i, vs. by iFrame.
    - (* phase 2 builds a segment without the lock *)
      wp_apply (new_segment_spec 0); [done|]. iIntros (vnew) "Hnew". wp_pures.
      wp_apply (acquire_spec with "Hlk"). iIntros "[Hlocked Hinv]".
      iDestruct "Hinv" as (tr peak [sg ph] vs m) "([%Hexec %Htrim]&Hr&Hsg&Hm&%Hph&Hl)"; simpl.
      iDestruct (ghost_map_lookup with "Hm Ht") as %Hmt. pose proof (Hph _ _ Hmt) as Hgrow.
      iDestruct (big_sepL2_length with "Hsg") as %Hlen.
      pose proof (exec_ok slab_config Hcfg _ _ _ Hexec) as [Hok _]; simpl in Hok.
      wp_pures. wp_load. wp_pures.
      set (from := if all then 0%nat else observed).
      assert (∀ k, in_scope (recheck slab_config) observed k ↔ (from ≤ k)%nat) as Hscope.
      { intros k. unfold from. simpl. destruct all; simpl; [|done]. split; [lia|done]. }
      wp_bind (if: _ then _ else _)%E.
      iApply (wp_wand _ _ _ (λ u, ⌜u = #from⌝)%I).
      { unfold from. destruct all; by wp_pures. }
      iIntros (u ->). wp_pures. wp_apply list_drop_spec; [done|]. iIntros "_".
      iAssert (([∗ list] s;v ∈ take from sg;take from vs, represents s v) ∗
               ([∗ list] s;v ∈ drop from sg;drop from vs, represents s v))%I
        with "[Hsg]" as "[Hlow Hsg]".
      { rewrite -{1}(take_drop from sg) -{1}(take_drop from vs).
        iDestruct (big_sepL2_app_inv with "Hsg") as "[$ $]". left. rewrite !take_length. lia. }
      wp_apply (take_lowest_spec t with "[$Hsg]"); [iPureIntro; by apply Forall_drop|].
      iMod (ghost_map_update Idle with "Hm Ht") as "[Hm Ht]".
      iIntros (res) "[[[-> %Hfull] Hsg]|(%i&%s&%v&%j&%s'&%w&%H&Hsg&Hslot)]"; wp_pures.
      + (* install *)
        wp_apply list_snoc_spec; [done|]. iIntros "_". wp_store.
        set (a := infinite_fresh (address <$> sg)).
        iAssert (represents (empty_segment cap a) vnew) with "[Hnew]" as "Hnew"; [by iApply "Hnew"|].
        pose proof (proj1 (empty_segment_ok cap a)) as Hempty.
        wp_apply (take_from_spec t with "[$Hnew //]").
        iIntros (res) "[[[_ %Hno] _]|(%j&%s'&%w&[-> %Htake]&Hnew&Hslot)]".
        { exfalso. destruct Hno as [_ Hno]. simpl in Hno. lia. }
        iMod (own_update with "Hl") as "Hl".
        { apply (mono_list_update ((vs ++ [vnew]) : list (leibnizO val))).
          by apply prefix_app_r. }
        iDestruct (list_snapshot with "Hl") as "[Hl Hsnap]".
        wp_pures.
        assert (full_where slab_config (in_scope (recheck slab_config) observed) sg) as Hwhere.
        { intros k sk Hk Hsk. apply Hscope in Hk. rewrite Forall_lookup in Hfull.
          apply (Hfull (k - from)%nat). rewrite lookup_drop.
          by replace (from + (k - from))%nat with k by lia. }
        wp_apply (release_spec with "[$Hlk $Hlocked Hr Hlow Hsg Hnew Hm Hl]").
        { iExists _, _, (State (sg ++ [s']) (<[t:=Idle]> ph)), (vs ++ [vnew]), _. simpl.
          iFrame "Hr Hm Hl". iSplit; [|iSplit].
          - iPureIntro. split.
            + eapply exec_step; [exact Hexec|].
              assert (takes slab_config (eq (length sg)) t (sg ++ [empty_segment cap a])
                [(length sg, j)] (sg ++ [s'])) as Htakes.
              { replace (sg ++ [s']) with (<[length sg:=s']> (sg ++ [empty_segment cap a])).
                2:{ rewrite insert_app_r_alt; [|done]. by rewrite Nat.sub_diag. }
                eapply takes_one; [done| |by apply list_lookup_middle|done]. intros; lia. }
              pose proof (step_install slab_config sg ph t observed 1 0 [] sg a [(length sg, j)]
                (sg ++ [s']) Hgrow ltac:(constructor) ltac:(simpl; lia) Hwhere
                ltac:(apply infinite_is_fresh) Htakes ltac:(change (1%nat = Nat.min 1 cap); lia)) as Hstep.
              exact Hstep.
            + apply untrimmed_snoc; [done|simpl; tauto].
          - iApply (big_sepL2_app with "[Hlow Hsg]").
            + iEval (rewrite -(take_drop from sg) -(take_drop from vs)).
              iApply (big_sepL2_app with "Hlow Hsg").
            + simpl. by iFrame.
          - iPureIntro. by eapply phases_update. }
        iIntros "_". wp_pures. iApply "HΦ". iModIntro. iFrame "Ht". iRight.
        iExists _, w. iSplit; [done|]. iExists vnew, j, (length vs), (vs ++ [vnew]). iFrame.
        iPureIntro. split; [done|]. by apply list_lookup_middle.
      + (* phase 3 serves; the new segment is let go *)
        destruct H as (->&Hi&Hv&Htake&Hfulls). rewrite !lookup_drop in Hi, Hv. wp_pures.
        iDestruct (list_snapshot with "Hl") as "[Hl Hsnap]".
        wp_apply (release_spec with "[$Hlk $Hlocked Hr Hlow Hsg Hm Hl]").
        { iExists _, _, (State (<[(from + i)%nat:=s']> sg) (<[t:=Idle]> ph)), vs, _. simpl.
          iFrame "Hr Hm Hl". iSplit; [|iSplit].
          - iPureIntro. split.
            + eapply exec_step; [exact Hexec|].
              eapply (step_reuse slab_config sg ph t observed 1 0 [((from + i)%nat, j)]);
                [done| |done].
              eapply takes_one; [apply Hscope; lia| |done|done].
              intros k sk Hk Hin Hsk. apply Hscope in Hin.
              apply (Hfulls (k - from)%nat sk); [lia|]. rewrite lookup_drop.
              by replace (from + (k - from))%nat with k by lia.
            + apply untrimmed_snoc; [done|simpl; tauto].
          - iEval (rewrite -(take_drop from vs)).
            replace (<[(from + i)%nat:=s']> sg) with (take from sg ++ <[i:=s']> (drop from sg)).
            { iApply (big_sepL2_app with "Hlow Hsg"). }
            rewrite -{3}(take_drop from sg).
            assert (length (take from sg) = from) as Hfrom.
            { rewrite take_length. apply lookup_lt_Some in Hi. lia. }
            rewrite insert_app_r_alt Hfrom; [|lia]. do 2 f_equal. lia.
          - iPureIntro. by eapply phases_update. }
        iIntros "_". wp_pures. iApply "HΦ". iModIntro. iFrame "Ht". iRight.
        iExists _, w. iSplit; [done|]. iExists v, j, (from + i)%nat, vs. by iFrame.
  Qed.

  Theorem deallocate_spec γk γp γl lk r t h w :
    {{{ is_slab γk γp γl lk r ∗ t ↪[γp] Idle ∗ block_at γl h w }}}
      deallocate lk h
    {{{ RET #(); t ↪[γp] Idle }}}.
  Proof.
    pose proof slab_config_ok as Hcfg.
    iIntros (Φ) "(#Hlk&Ht&(%v&%j&%i&%l&[-> %Hl]&Hsnap&Hslot)) HΦ". wp_lam. wp_pures.
    wp_apply (acquire_spec with "Hlk"). iIntros "[Hlocked Hinv]".
    iDestruct "Hinv" as (tr peak [sg ph] vs m) "([%Hexec %Htrim]&Hr&Hsg&Hm&%Hph&Hvs)"; simpl.
    iDestruct (ghost_map_lookup with "Hm Ht") as %Hmt. pose proof (Hph _ _ Hmt) as Hidle.
    pose proof (exec_ok slab_config Hcfg _ _ _ Hexec) as [Hok _]; simpl in Hok.
    iDestruct (own_valid_2 with "Hvs Hsnap") as %Hprefix%mono_list_both_valid_L.
    iDestruct (big_sepL2_length with "Hsg") as %Hlen.
    assert (vs !! i = Some v) as Hv by (by eapply prefix_lookup).
    destruct (lookup_lt_is_Some_2 sg i) as [s Hi].
    { rewrite Hlen. by eapply lookup_lt_Some. }
    assert (segment_ok cap s) as Hs by (by eapply Forall_lookup_1).
    iDestruct (big_sepL2_insert_acc with "Hsg") as "[Hsi Hclose]"; [done..|].
    iDestruct (slot_memory_live with "Hsi Hslot") as %[o Ho]; [done|].
    iDestruct "Hsi" as (head carve slots ->) "(Hhead&Hcarve&Hlinks&Huncarved)".
    iDestruct "Hslot" as (head' carve' slots' Heq Hj) "Hmem". simplify_eq.
    wp_pures. wp_load. wp_store. wp_store.
    (* The system's owner hands the block over first: a ghost step. *)
    assert (owner (State sg ph) (i, j) = Some o) as Howner.
    { unfold owner; simpl. by rewrite (block_owner_lookup sg i s). }
    destruct (exec_owner_thread slab_config Hcfg _ _ _ _ _ Hexec Howner) as [q Hq]; simpl in Hq.
    assert (¬ is_trimming q) as Hnot.
    { destruct q as [| |k]; simpl; [tauto|tauto|]. intros _.
      by eapply (exec_untrimmed_phase slab_config Hcfg _ _ _ o k Hexec). }
    set (s' := put_slot j (give_slot t j s)).
    iDestruct ("Hclose" $! s' (#head', #carve', #slots')%V with "[Hhead Hcarve Hlinks Huncarved Hmem]")
      as "Hsg".
    { iExists head', carve', slots'. simpl. by iFrame. }
    rewrite (list_insert_id vs) //.
    wp_apply (release_spec with "[$Hlk $Hlocked Hr Hsg Hm Hvs]").
    { iExists _, _, (State (<[i:=s']> sg) ph), vs, m. simpl. iFrame. iPureIntro.
      split_and!; [| |done].
      - rewrite -(list_insert_insert sg i s' (give_slot t j s)).
        eapply exec_step; [eapply exec_step; [exact Hexec|]|].
        + eapply (step_give slab_config sg ph o q t _ i s j); done.
        + eapply (step_free slab_config _ ph t Idle [(i, j)]); [done|by left|].
          econstructor; [apply list_lookup_insert; by eapply lookup_lt_Some| |constructor].
          destruct (give_slot_ok cap o t s j Hs Ho) as (_ & _ & Hgive).
          rewrite Hgive. by rewrite decide_True.
      - apply untrimmed_snoc; [|simpl; tauto]. apply untrimmed_snoc; [done|simpl; tauto]. }
    iIntros "_". by iApply "HΦ".
  Qed.

  (** The bounds on growth hold of the code. *)
  Theorem segment_count_spec γk γp γl lk r :
    {{{ is_slab γk γp γl lk r }}}
      segment_count lk #r
    {{{ n, RET #(n : nat);
        ⌜∃ tr peak σ, exec tr peak σ ∧ n = length (segments σ) ∧
          (if all then n = needed slab_config peak
           else needed slab_config peak ≤ n ≤ needed slab_config peak + ceil_div (N - 1) cap)⌝ }}}.
  Proof.
    pose proof slab_config_ok as Hcfg.
    iIntros (Φ) "#Hlk HΦ". wp_lam. wp_pures.
    wp_apply (acquire_spec with "Hlk"). iIntros "[Hlocked Hinv]".
    iDestruct "Hinv" as (tr peak [sg ph] vs m) "([%Hexec %Htrim]&Hr&Hsg&Hm&%Hph&Hl)"; simpl.
    iDestruct (big_sepL2_length with "Hsg") as %Hlen.
    wp_pures. wp_load. wp_apply list_length_spec; [done|]. iIntros "_". wp_pures.
    wp_apply (release_spec with "[$Hlk $Hlocked Hr Hsg Hm Hl]").
    { iExists tr, peak, (State sg ph), vs, m. by iFrame. }
    iIntros "_". wp_pures. iApply "HΦ". iModIntro. iPureIntro.
    exists tr, peak, (State sg ph). rewrite -Hlen. simpl.
    split; [done|]. split; [done|].
    pose proof (growth_lower slab_config Hcfg _ _ _ Hexec) as Hlower.
    pose proof (S6_growth_exact slab_config Hcfg tr peak (State sg ph)) as Hexact.
    pose proof (S7_growth_bounded_lowest_first slab_config Hcfg tr peak (State sg ph)) as Hbound.
    simpl in *. destruct all.
    - by apply Hexact.
    - split; [done|]. by apply Hbound.
  Qed.

  Lemma threads_alloc k :
    ⊢ |==> ∃ γp (m : gmap nat phase),
      ⌜∀ t p, m !! t = Some p → (t < k)%nat ∧ p = Idle⌝ ∗ ghost_map_auth γp 1 m ∗
      [∗ list] t ∈ seq 0 k, t ↪[γp] Idle.
  Proof.
    iInduction k as [|k] "IH".
    - iMod (ghost_map_alloc_empty (K:=nat) (V:=phase)) as (γp) "Hm". iModIntro.
      iExists γp, ∅. iFrame. simpl. iPureIntro. split; [|done].
      intros t p Ht. by rewrite lookup_empty in Ht.
    - iMod "IH" as (γp m Hm) "[Hm Ht]".
      iMod (ghost_map_insert k Idle with "Hm") as "[Hm Hk]".
      { destruct (m !! k) as [p|] eqn:Hk; [|done]. apply Hm in Hk. lia. }
      iModIntro. iExists γp, (<[k:=Idle]> m). iFrame "Hm". iSplit.
      + iPureIntro. intros t p [[<- <-]|[Hne Hp]]%lookup_insert_Some; [split; [lia|done]|].
        destruct (Hm t p Hp). split; [lia|done].
      + rewrite seq_S big_sepL_app. iFrame. simpl. done.
  Qed.

  (** A new slab, and for each of [N] threads the right to use it. *)
  Theorem new_slab_spec :
    {{{ True }}}
      new_slab #()
    {{{ γk γp γl lk r, RET (lk, #r);
        is_slab γk γp γl lk r ∗ [∗ list] t ∈ seq 0 N, t ↪[γp] Idle }}}.
  Proof.
    iIntros (Φ) "_ HΦ". wp_lam. wp_alloc r as "Hr". wp_pures.
    iMod (threads_alloc N) as (γp m Hm) "[Hm Ht]".
    iMod (own_alloc (●ML ([] : list (leibnizO val)))) as (γl) "Hl";
      [by apply mono_list_auth_valid|].
    wp_apply (newlock_spec (slab_inv γp γl r) with "[Hr Hm Hl]").
    { iExists [], _, (initial_state slab_config), [], m. simpl. iFrame. iPureIntro.
      split_and!; [apply exec_initial|set_solver|].
      intros t p Hp. destruct (Hm t p Hp) as [? ->]. by apply lookup_replicate_2. }
    iIntros (lk γk) "#Hlk". wp_pures. iApply "HΦ". iModIntro. by iFrame.
  Qed.
End proof.
