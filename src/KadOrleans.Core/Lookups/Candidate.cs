using KadOrleans.Core.Values;

namespace KadOrleans.Core.Lookups;

/// <summary>One contact in the eyes of one lookup.</summary>
internal sealed class Candidate(Contact contact, Distance distance, int hops)
{
    public Contact Contact { get; private set; } = contact;

    public Distance Distance { get; } = distance;

    /// <summary>How many answers led here: 1 for a contact of our own table.</summary>
    public int Hops { get; } = hops;

    public CandidateState State { get; set; }

    /// <summary>The value it answered with; of kind None if it had none.</summary>
    public DhtValue Value { get; set; }

    /// <summary>How long the value has yet to live there, if the contact said so.</summary>
    public TimeSpan? Life { get; set; }

    public bool IsPending => State is CandidateState.Waiting or CandidateState.Slow;

    /// <summary>Somebody knows this id at another address: worth another try.</summary>
    public void Readdress(UdpEndpoint endpoint)
    {
        Contact = Contact with { Endpoint = endpoint };
        State = CandidateState.Heard;
    }
}
