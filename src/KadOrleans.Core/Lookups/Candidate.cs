using KadOrleans.Core.Items;

namespace KadOrleans.Core;

internal sealed class Candidate(Contact contact, Distance distance, SourceNetwork? network, int hops)
{
    private Candidate? _otherNamer;
    private bool _hasOtherNamer;

    public Contact Contact { get; private set; } = contact;

    public Distance Distance { get; private set; } = distance;

    /// <summary>The /24 or /48 it counts against; null if exempt.</summary>
    public SourceNetwork? Network { get; } = network;

    /// <summary>Responses that led here: 1 for a contact of our own table.</summary>
    public int Hops { get; } = hops;

    public CandidateState State { get; set; }

    public uint Paths { get; set; }

    public int AskedBy { get; set; }

    /// <summary>The most truthful contact that named it; null for our own table.</summary>
    public Candidate? NamedBy { get; set; }

    public bool IsProved { get; set; }

    /// <summary>It is being asked without a place, as it did not answer an earlier lookup.</summary>
    public bool IsPassedOver { get; set; }

    public bool IsProofUnresponsive { get; set; }

    /// <summary>It counts once its id is proved as well.</summary>
    public bool HasReplied { get; set; }

    public DhtValue Value { get; set; }

    public TimeSpan? Life { get; set; }

    /// <summary>The item that the value is, once it was checked for the target.</summary>
    public CheckedItem? Item { get; set; }

    /// <summary>Invented or unresponsive contacts that it named, less those that answered.</summary>
    public int Misled { get; private set; }

    public bool IsPending => State is CandidateState.Waiting or CandidateState.Unresponsive;

    public bool IsHolder => State == CandidateState.Answered && Value.Kind != DhtValueKind.None;

    public bool IsOn(int path) => (Paths & (1u << path)) != 0;

    /// <summary>Our own table, null, is believed before all others.</summary>
    public void NameAgain(Candidate? namer)
    {
        if (NamedBy is not null && (namer is null || namer.Misled < NamedBy.Misled))
        {
            NamedBy = namer;
        }
    }

    // A contact named its endpoint under another id, and alone counts as its source. The earlier one counts for the endpoint.
    public void NameAnew(Candidate? namer)
    {
        if (!_hasOtherNamer || MisledBy(NamedBy) < MisledBy(_otherNamer))
        {
            _otherNamer = NamedBy;
        }

        (NamedBy, _hasOtherNamer) = (namer, true);
    }

    public bool IsDoubtful(int misled) => MisledBy(NamedBy) >= misled && (!_hasOtherNamer || MisledBy(_otherNamer) >= misled);

    public void Credit(bool isTrue) => NamedBy?.Misled += isTrue ? -1 : 1;

    /// <summary>The same contact, as another target's lookup would have it.</summary>
    public Candidate SeenFrom(NodeId target) =>
        new(Contact, Contact.Id.DistanceTo(target), Network, Hops) { State = State, Paths = Paths, AskedBy = AskedBy, IsProved = IsProved };

    public void Rename(NodeId id, Distance distance) => (Contact, Distance) = (Contact with { Id = id }, distance);

    private static int MisledBy(Candidate? namer) => namer?.Misled ?? int.MinValue;
}

internal enum CandidateState
{
    Heard,
    Waiting,
    /// <summary>Its retry timeout is over. Others are queried in its place; its response still counts.</summary>
    Unresponsive,
    Answered,
    Failed,
}
