using KadOrleans.Core.Items;

namespace KadOrleans.Core;

/// <summary>The outcome of a lookup.</summary>
public sealed record LookupOutcome
{
    /// <summary>The lookup's target.</summary>
    public required NodeId Target { get; init; }

    /// <summary>Why the lookup ended.</summary>
    public required TerminationReason Reason { get; init; }

    /// <summary>The contacts that answered, nearest first: at most k, and one of a network (/24 or /48), or two if those are too few.</summary>
    public required IReadOnlyList<Contact> Closest { get; init; }

    /// <summary>Every contact that answered, nearest first: those of <see cref="Closest"/> and the others.</summary>
    public IReadOnlyList<Contact> AnsweredContacts { get; init; } = [];

    /// <summary>The owner's item with the highest number that a holder has (ADR 45), else the value that most holders agree on, or null.</summary>
    public DhtValue? Value { get; init; }

    /// <summary>The owner's item that <see cref="Value"/> is, if it is one. It does not cross to other processes.</summary>
    internal CheckedItem? Item { get; init; }

    /// <summary>The value's remaining life: the median of the holders that agree on it; null if none of them says.</summary>
    public TimeSpan? ValueLife { get; init; }

    /// <summary>The nearest contact that gave <see cref="Value"/>, or null.</summary>
    public Contact? Holder { get; init; }

    /// <summary>
    /// Holders that gave <see cref="Value"/>, one for each network (/24 or /48). Those among <see cref="Closest"/> count; others
    /// only where none of these has a value.
    /// </summary>
    public int Agreed { get; init; }

    /// <summary>Holders that gave another value, counted in the same way.</summary>
    public int Differed { get; init; }

    /// <summary>
    /// The nearest contact that answered without the value: a copy belongs there (Kademlia §2.3). Of an item, also one that has an older.
    /// </summary>
    public Contact? CacheAt { get; init; }

    /// <summary>
    /// Whether <see cref="CacheAt"/> is one of the k nearest that were heard of. Those should hold the value, and are sent the key's next
    /// one. A copy anywhere else must not live long.
    /// </summary>
    public bool CacheBelongs { get; init; }

    /// <summary>
    /// Contacts of <see cref="Closest"/> that are nearer to the target than the network's size allows; 0 for none, or without an estimate.
    /// Somebody may have placed them there, to decide alone what the key reads as.
    /// </summary>
    public int Crowded { get; init; }

    /// <summary>Contacts that were asked.</summary>
    public required int Asked { get; init; }

    /// <summary>Contacts that answered.</summary>
    public required int Answered { get; init; }

    /// <summary>Contacts that failed: no response in time, unreachable, a malformed response, or no proof of their id.</summary>
    public required int Failed { get; init; }

    /// <summary>Length of the chain of answers that led to the nearest contact that answered.</summary>
    public required int Hops { get; init; }

    /// <summary>Why it ended, how many contacts answered, and how many gave a value: never the value itself.</summary>
    public override string ToString()
    {
        var holders = Value is null ? string.Empty : $"; {Agreed} gave the value, {Differed} another";
        return string.Create(CultureInfo.InvariantCulture, $"{Reason}: {Answered} of {Asked} contacts answered, {Failed} failed{holders}.");
    }
}

/// <summary>The kinds of lookups (Kademlia §2.3).</summary>
public enum LookupKind
{
    /// <summary>Finds the k contacts nearest to the target, by FIND_NODE.</summary>
    Node,

    /// <summary>Finds the value stored under the target, by FIND_VALUE, or else the nearest contacts.</summary>
    Value,
}

/// <summary>Why a lookup ended.</summary>
public enum TerminationReason
{
    /// <summary>The k nearest contacts that answer have answered.</summary>
    Converged,

    /// <summary>A value was found.</summary>
    ValueFound,

    /// <summary>No contact was known.</summary>
    NoContacts,

    /// <summary>All known contacts were queried and none answered.</summary>
    NobodyAnswered,

    /// <summary>The bound on requests was reached; somebody may be leading the lookup astray.</summary>
    RequestLimit,

    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>The lookup's deadline was over; the outcome has what was found until then.</summary>
    DeadlineReached,
}
