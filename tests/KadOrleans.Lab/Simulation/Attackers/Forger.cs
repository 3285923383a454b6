namespace KadOrleans.Lab;

/// <summary>
/// One blind host that stores in the name of live nodes, whose addresses anybody is told by a FIND_NODE. Nothing comes back to it: their
/// owners answer the pings that it draws.
/// </summary>
public sealed class Forger(
    SimulatedNetwork network, ManualTimeProvider clock, SeededRandomSource random, UdpEndpoint victim, IReadOnlyList<UdpEndpoint> names)
{
    private readonly ForgedRequests _requests = new(random);

    public int Sent { get; private set; }

    public long SentBytes { get; private set; }

    /// <summary>The token that it shows, such as one that the victim gave to the forger itself; default: none.</summary>
    internal WriteToken Token { get; init; }

    /// <summary>Stores a value under each key in turn, evenly over a time, each in the name of the next node.</summary>
    public async Task StoreAsync(IReadOnlyList<NodeId> keys, DhtValue value, TimeSpan duration)
    {
        foreach (var key in keys)
        {
            var store = Token.IsNone ? _requests.Store(key, value) : _requests.Store(key, value, Token);
            SentBytes += store.Length;
            network.Forge(store, names[Sent++ % names.Count], victim);
            await Task.Delay(duration / keys.Count, clock);
        }
    }
}
