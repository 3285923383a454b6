namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>An edge that notes what it is given. It sends nothing.</summary>
internal sealed class OfferedEdge
{
    private int _offers;

    public OfferedEdge(SimulatedWorld world)
    {
        var id = NodeId.Random(world.Random);
        var observer = Fake.Of<IEdgeDesk>((_, args) =>
        {
            var isTaken = Takes(++_offers);
            HasFailed |= isTaken is null;
            Given.AddRange(isTaken == true ? ((RepublishWork)args[0]!).Keys : []);
            return isTaken is { } taken ? Task.FromResult(taken) : Task.FromException<bool>(new NoLiveEdgeException("No contact answers the edge."));
        });
        Live = new LiveEdge($"{id}", 1, [id], observer, new EdgeReport { SendsForAll = true });
    }

    public LiveEdge Live { get; }

    /// <summary>Whether an offer, by its number from 1, is taken. Null: it fails.</summary>
    public Func<int, bool?> Takes { get; init; } = static _ => true;

    public bool HasFailed { get; private set; }

    public List<NodeId> Given { get; } = [];
}
