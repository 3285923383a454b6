using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

/// <summary>Round-trip times by endpoint, in two generations. Unmeasured endpoints get what is common.</summary>
internal sealed class RoundTripTimes
{
    /// <summary>Endpoints per generation: some 10 MB at the most.</summary>
    private const int Capacity = 65_536;

    // Guards _networks, and the change of generations.
    private readonly Lock _gate = new();
    private readonly CommonRoundTrip _networks = new();
    private volatile StrongBox<RoundTripEstimate> _common = new();
    private ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> _current = NewGeneration();
    private ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> _previous = NewGeneration();

    public RoundTripEstimate Common => _common.Value;

    public RoundTripEstimate this[UdpEndpoint endpoint] =>
        TryGet(endpoint, out var estimate) ? estimate : Common;

    public bool IsMeasured(UdpEndpoint endpoint) => TryGet(endpoint, out _);

    /// <summary>Learns a round trip. That of an endpoint which asked first says nothing of others.</summary>
    public void Add(UdpEndpoint endpoint, TimeSpan sample, bool askedFirst = false)
    {
        TryGet(endpoint, out var known);
        _current[endpoint] = known.With(sample);
        lock (_gate)
        {
            if (_current.Count >= Capacity)
            {
                (_previous, _current) = (_current, NewGeneration());
            }

            if (askedFirst)
            {
                return;
            }

            _networks.Add(endpoint, sample);
            if (_networks.Estimate != Common)
            {
                _common = new StrongBox<RoundTripEstimate>(_networks.Estimate);
            }
        }
    }

    private bool TryGet(UdpEndpoint endpoint, out RoundTripEstimate estimate) =>
        _current.TryGetValue(endpoint, out estimate) || _previous.TryGetValue(endpoint, out estimate);

    private static ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> NewGeneration() => new(1, 31);
}

/// <summary>Endpoints that timed out. Lookups do not wait for them. When full, all are forgotten.</summary>
internal sealed class UnresponsiveEndpoints
{
    /// <summary>More than a routing table holds.</summary>
    public const int Capacity = 4_096;

    private readonly ConcurrentDictionary<UdpEndpoint, long> _endpoints = new(1, 31);
    private int _count;

    public bool Contains(UdpEndpoint endpoint) => _endpoints.ContainsKey(endpoint);

    /// <summary>Whether it has answered nothing since a time, as it has been here since then.</summary>
    public bool ContainsSince(UdpEndpoint endpoint, long time) => _endpoints.TryGetValue(endpoint, out var addedAt) && addedAt <= time;

    /// <param name="endpoint">The endpoint; one that is here already stays as it is.</param>
    /// <param name="now">A timestamp.</param>
    public void Add(UdpEndpoint endpoint, long now)
    {
        if (_endpoints.TryAdd(endpoint, now) && Interlocked.Increment(ref _count) > Capacity)
        {
            _endpoints.Clear();
            Volatile.Write(ref _count, 0);
        }
    }

    public void Remove(UdpEndpoint endpoint)
    {
        // It is rarely present, and this check takes no lock.
        if (_endpoints.ContainsKey(endpoint) && _endpoints.TryRemove(endpoint, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
