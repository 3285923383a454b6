using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Lookups;

internal sealed class Candidate(Contact contact, Distance distance, SourceNetwork? network, int hops)
{
    // The most truthful of those that named its endpoint under another id.
    private Candidate? _otherNamer;
    private bool _hasOtherNamer;

    public Contact Contact { get; private set; } = contact;

    public Distance Distance { get; private set; } = distance;

    /// <summary>The /24 or /48 it counts against; null for an address that counts against none.</summary>
    public SourceNetwork? Network { get; } = network;

    /// <summary>How many answers led here: 1 for a contact of our own table.</summary>
    public int Hops { get; } = hops;

    public CandidateState State { get; set; }

    /// <summary>The paths that know it, as bits.</summary>
    public uint Paths { get; set; }

    public int AskedBy { get; set; }

    /// <summary>The contact that named it, the most truthful one of several; null for a contact of our own table.</summary>
    public Candidate? NamedBy { get; set; }

    public bool IsProved { get; set; }

    /// <summary>Whether the usual time to tell its id is over.</summary>
    public bool IsProofUnresponsive { get; set; }

    /// <summary>Whether it answered the lookup's query; it counts once its id is proved as well.</summary>
    public bool HasReplied { get; set; }

    /// <summary>The value it answered with; of kind None if it had none.</summary>
    public DhtValue Value { get; set; }

    /// <summary>How long the value has yet to live there, if the contact said so.</summary>
    public TimeSpan? Life { get; set; }

    /// <summary>Contacts that it named and that are invented or unresponsive, less those that answered.</summary>
    public int Misled { get; private set; }

    public bool IsPending => State is CandidateState.Waiting or CandidateState.Unresponsive;

    public bool IsHolder => State == CandidateState.Answered && Value.Kind != DhtValueKind.None;

    public bool IsOn(int path) => (Paths & (1u << path)) != 0;

    /// <summary>Somebody named it again; null for our own table, which is believed before all others.</summary>
    public void NameAgain(Candidate? namer)
    {
        if (NamedBy is not null && (namer is null || namer.Misled < NamedBy.Misled))
        {
            NamedBy = namer;
        }
    }

    /// <summary>
    /// A contact named its endpoint under another id, and alone counts as that id's source. The earlier source still counts for the
    /// endpoint.
    /// </summary>
    public void NameAnew(Candidate? namer)
    {
        if (!_hasOtherNamer || MisledBy(NamedBy) < MisledBy(_otherNamer))
        {
            _otherNamer = NamedBy;
        }

        (NamedBy, _hasOtherNamer) = (namer, true);
    }

    /// <summary>Whether all that named it have named too many invented or unresponsive contacts.</summary>
    public bool IsDoubtful(int misled) => MisledBy(NamedBy) >= misled && (!_hasOtherNamer || MisledBy(_otherNamer) >= misled);

    /// <summary>The contacts that named this one were right, or not.</summary>
    public void Credit(bool isTrue)
    {
        if (NamedBy is { } namer)
        {
            namer.Misled += isTrue ? -1 : 1;
        }
    }

    public void Rename(NodeId id, Distance distance)
    {
        Contact = Contact with { Id = id };
        Distance = distance;
    }

    // Our own table is believed before all others.
    private static int MisledBy(Candidate? namer) => namer?.Misled ?? int.MinValue;
}

internal enum CandidateState
{
    Heard,

    Waiting,

    /// <summary>Asked, and its retry timeout is over. Others are asked in its place; its response still counts.</summary>
    Unresponsive,

    Answered,

    Failed,
}
