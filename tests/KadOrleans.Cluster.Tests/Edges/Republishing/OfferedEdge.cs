using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>An edge that notes what it is given. It sends nothing.</summary>
internal sealed class OfferedEdge : TestEdge
{
    private int _offers;

    /// <summary>Whether an offer, by its number from 1, is taken. Null: it fails.</summary>
    public Func<int, bool?> Takes { get; init; } = static _ => true;

    public bool HasFailed { get; private set; }

    public List<NodeId> Given { get; } = [];

    public override Task<bool> AcceptAsync(EdgeWork work)
    {
        var isTaken = ServedId is { } id && id != work.NodeId ? null : Takes(++_offers);
        HasFailed |= isTaken is null;
        Given.AddRange(isTaken == true ? ((RepublishWork)work).Keys : []);
        return isTaken is { } taken ? Task.FromResult(taken) : throw new NoLiveEdgeException("No contact answers the edge.");
    }
}
