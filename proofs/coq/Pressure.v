(** Calls that wait instead of failing or growing too early: a layer over System.v.

    A call that found too few slots waits for those who are about to bring some: for
    trims, each of which holds a wholly free segment while it returns its pages; and for
    growths in flight, where the backing refused the call and it has nothing, or in
    phase 1, before it would begin a growth of its own.  One step is one critical
    section; to wait is to let the lock go and to look again later.  Each step names
    what it does to the slab below, so that an execution is one of System.v
    (PressureSlab.v shows it).

    The rules, which the code keeps under its lock:
    - growths are numbered in the order in which they begin, and a call that waits for
      growths remembers the last number, and so all that were in flight;
    - a call waits only if no slot is free at its look, over all segments;
    - while a trim holds a segment nobody goes on to grow, installs, fails or ends short;
    - a call with nothing in hand does not fail before the growths that it saw have ended;
    - a trim claims no segment while a call waits for a trim.

    A call is in flight from the end of its phase 1 to the end of its phase 3.  Meanwhile
    it waits for trims at most, and a trim waits for nobody, so that no wait is circular.
    Nobody waits for a call that waits in phase 1 or was refused: it is not in flight. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System.

(** Where a thread's call stands between two critical sections. *)
Inductive standing :=
  | Settled                       (** in no call; maybe inside a trim *)
  | Entering (wanted seen : nat)  (** waits in phase 1, and wants [wanted] more *)
  | InFlight (number : nat)       (** has begun the growth with this number *)
  | Waiting (seen : nat).         (** was refused, and waits *)
(** [seen]: the last growth that had begun at the first look after which the call waited. *)

(** [has]: blocks in hand, apart from those that the slab below counts as obtained.
    [for_trims]: a trim held a segment at the last look of this call. *)
Record call := Call { stands : standing; has : nat; for_trims : bool }.
Definition no_call : call := Call Settled 0 false.

Record pressure_state := PressureState {
  shared : state;
  calls : list call;
  begun : nat    (** growths begun so far; the number of the last one *)
}.

(** [Waits t acts]: thread [t] waits.  [acts] is what the wait is for the slab below:
    nothing, or the taking of some of the blocks that its batch wants. *)
Inductive event :=
  | Does (a : action)
  | Waits (t : thread) (acts : list action).
Definition steps_below (e : event) : list action :=
  match e with Does a => [a] | Waits _ acts => acts end.
Definition by_thread (e : event) : thread := match e with Does a => actor a | Waits t _ => t end.

(** ** What trims hold, and what callers hold *)
Definition trimming (p : phase) : nat := match p with Trimming _ => 1 | _ => 0 end.
Definition trimmers (σ : state) : nat := sum_list_with trimming (phases σ).

Definition trims_segment (i : nat) (p : phase) : bool :=
  match p with Trimming k => Nat.eqb k i | _ => false end.

(** Slots that somebody holds in the segments that no trim holds. *)
Fixpoint held_from (ph : list phase) (from : nat) (sg : list segment) : nat :=
  match sg with
  | [] => 0
  | s :: rest =>
      (if existsb (trims_segment from) ph then 0 else used s) + held_from ph (S from) rest
  end.
Definition held (σ : state) : nat := held_from (phases σ) 0 (segments σ).

Definition in_flight (χ : pressure_state) (t : thread) (number : nat) : Prop :=
  ∃ c, calls χ !! t = Some c ∧ stands c = InFlight number.

(** The growths that [t] has to wait for if [seen] was the last one to begin. *)
Definition awaits (χ : pressure_state) (t : thread) (seen : nat) : Prop :=
  ∃ u number, u ≠ t ∧ in_flight χ u number ∧ number ≤ seen.

(** A call that looks for the first time sees all growths that are in flight; one that
    waits remembers those that it saw. *)
Definition last_seen (χ : pressure_state) (c : call) : nat :=
  match stands c with Entering _ seen | Waiting seen => seen | _ => begun χ end.

Definition waits (c : call) : Prop :=
  match stands c with Entering _ _ | Waiting _ => True | _ => False end.
(** In phase 3. *)
Definition grows (c : call) : Prop :=
  match stands c with InFlight _ | Waiting _ => True | _ => False end.
(** In phase 1, and wants [n]. *)
Definition asks_for (c : call) (n : nat) : Prop :=
  match stands c with Settled => True | Entering wanted _ => wanted = n | _ => False end.

Section pressure.
  Context (cfg : config).
  Local Notation step := (step cfg).

  Definition initial_pressure : pressure_state :=
    PressureState (initial_state cfg) (replicate (thread_count cfg) no_call) 0.

  Definition trims_now (χ : pressure_state) : bool := bool_decide (0 < trimmers (shared χ)).

  Definition with_call (χ : pressure_state) (t : thread) (c : call) (σ' : state) :=
    PressureState σ' (<[t := c]> (calls χ)) (begun χ).

  (** After a phase that went on to grow, or ended the call. *)
  Definition after (χ : pressure_state) (t : thread) (observed : option nat) (h : nat)
      (σ' : state) : pressure_state :=
    let c := match observed with
             | None => no_call
             | Some _ => Call (InFlight (S (begun χ))) h false
             end in
    PressureState σ' (<[t := c]> (calls χ))
                  (match observed with None => begun χ | Some _ => S (begun χ) end).

  (** Where a call stands after a wait in phase 3.  Refused, it is no longer in flight.
      With a segment of its own in hand it stays in flight, and waits for trims only. *)
  Definition waits_as (χ : pressure_state) (c : call) (s : standing) : Prop :=
    s = Waiting (last_seen χ c) ∨ (s = stands c ∧ 0 < trimmers (shared χ)).

  Inductive pressure_step : pressure_state → event → pressure_state → Prop :=
  (** *** Phase 1 *)
  | pressure_start χ t n got observed c σ' :
      calls χ !! t = Some c → asks_for c n →
      step (shared χ) (Start t n got observed) σ' →
      (is_Some observed → trimmers (shared χ) = 0) →
      pressure_step χ (Does (Start t n got observed)) (after χ t observed (has c) σ')
  | pressure_entry_waits χ t n c :
      calls χ !! t = Some c → asks_for c n → 0 < n ≤ max_batch cfg →
      phases (shared χ) !! t = Some Idle →
      full_where cfg anywhere (segments (shared χ)) →
      0 < trimmers (shared χ) ∨ awaits χ t (last_seen χ c) →
      pressure_step χ (Waits t [])
        (with_call χ t (Call (Entering n (last_seen χ c)) (has c) (trims_now χ)) (shared χ))
  (** a batch takes what there is before it waits *)
  | pressure_entry_takes χ t n got c σ' :
      calls χ !! t = Some c → asks_for c n → length got < n ≤ max_batch cfg →
      step (shared χ) (Start t (length got) got None) σ' →
      full_where cfg anywhere (segments σ') →
      0 < trimmers (shared χ) ∨ awaits χ t (last_seen χ c) →
      pressure_step χ (Waits t [Start t (length got) got None])
        (with_call χ t
          (Call (Entering (n - length got) (last_seen χ c)) (has c + length got) (trims_now χ)) σ')
  (** *** Phase 3 *)
  | pressure_reuse χ t got c number σ' :
      calls χ !! t = Some c → stands c = InFlight number →
      step (shared χ) (Reuse t got) σ' →
      pressure_step χ (Does (Reuse t got)) (with_call χ t no_call σ')
  | pressure_install χ t got a fresh observed c number σ' :
      calls χ !! t = Some c → stands c = InFlight number →
      step (shared χ) (Install t got a fresh observed) σ' → trimmers (shared χ) = 0 →
      pressure_step χ (Does (Install t got a fresh observed)) (after χ t observed (has c) σ')
  (** a look at all segments, after the backing refused or after a wait: served; or else
      short; or else, with nothing in hand, the call fails *)
  | pressure_refused χ t got c len remaining obtained σ' :
      calls χ !! t = Some c → grows c →
      phases (shared χ) !! t = Some (Growing len remaining obtained) →
      step (shared χ) (Refused t got) σ' →
      (length got < remaining → trimmers (shared χ) = 0) →
      (has c + obtained + length got = 0 → ¬ awaits χ t (last_seen χ c)) →
      pressure_step χ (Does (Refused t got)) (with_call χ t no_call σ')
  | pressure_waits χ t c s len remaining obtained :
      calls χ !! t = Some c → grows c → waits_as χ c s →
      phases (shared χ) !! t = Some (Growing len remaining obtained) →
      full_where cfg anywhere (segments (shared χ)) →
      0 < trimmers (shared χ) ∨ (has c + obtained = 0 ∧ awaits χ t (last_seen χ c)) →
      pressure_step χ (Waits t [])
        (with_call χ t (Call s (has c) (trims_now χ)) (shared χ))
  (** a batch takes what there is before it waits for trims.  For the slab below one
      operation ends short there and another one asks for the rest. *)
  | pressure_takes χ t got c s len remaining obtained σ1 observed σ2 :
      calls χ !! t = Some c → grows c → waits_as χ c s →
      phases (shared χ) !! t = Some (Growing len remaining obtained) →
      0 < length got < remaining → 0 < trimmers (shared χ) →
      step (shared χ) (Refused t got) σ1 →
      step σ1 (Start t (remaining - length got) [] (Some observed)) σ2 →
      pressure_step χ
        (Waits t [Refused t got; Start t (remaining - length got) [] (Some observed)])
        (with_call χ t (Call s (has c + obtained + length got) true) σ2)
  (** *** What is no allocation *)
  | pressure_free χ t blocks c σ' :
      calls χ !! t = Some c → stands c = Settled ∨ reentrant cfg = true →
      step (shared χ) (Free t blocks) σ' →
      pressure_step χ (Does (Free t blocks)) (with_call χ t c σ')
  | pressure_claim χ t i c σ' :
      calls χ !! t = Some c → stands c = Settled →
      step (shared χ) (TrimClaim t i) σ' →
      (∀ u c', calls χ !! u = Some c' → for_trims c' = false) →
      pressure_step χ (Does (TrimClaim t i)) (with_call χ t c σ')
  | pressure_release χ t i c σ' :
      calls χ !! t = Some c →
      step (shared χ) (TrimRelease t i) σ' →
      pressure_step χ (Does (TrimRelease t i)) (with_call χ t c σ')
  | pressure_give χ t u b c σ' :
      calls χ !! t = Some c →
      step (shared χ) (Give t u b) σ' →
      pressure_step χ (Does (Give t u b)) (with_call χ t c σ').

  (** [pressure_exec tr peak χ]: the steps [tr] lead to [χ], and callers held at most
      [peak] blocks at once on the way; what a trim holds is not among them. *)
  Inductive pressure_exec : list event → nat → pressure_state → Prop :=
  | pressure_exec_initial : pressure_exec [] 0 initial_pressure
  | pressure_exec_step tr peak χ e χ' :
      pressure_exec tr peak χ → pressure_step χ e χ' →
      pressure_exec (tr ++ [e]) (peak `max` held (shared χ')) χ'.

  (** A part of an execution. *)
  Inductive pressure_run : pressure_state → list event → pressure_state → Prop :=
  | pressure_run_nil χ : pressure_run χ [] χ
  | pressure_run_cons χ e χ1 tr χ2 :
      pressure_step χ e χ1 → pressure_run χ1 tr χ2 → pressure_run χ (e :: tr) χ2.
End pressure.

(** A call that ends with nothing: its caller sees an error. *)
Definition call_fails (χ : pressure_state) (e : event) : Prop :=
  ∃ t c len remaining, e = Does (Refused t []) ∧ calls χ !! t = Some c ∧ has c = 0 ∧
    phases (shared χ) !! t = Some (Growing len remaining 0).

(** A call that ends with fewer blocks than it asked for, or with none. *)
Definition call_falls_short (χ : pressure_state) (e : event) : Prop :=
  ∃ t got len remaining obtained, e = Does (Refused t got) ∧
    phases (shared χ) !! t = Some (Growing len remaining obtained) ∧ length got < remaining.
