using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Timeouts;

namespace KadOrleans.Node.Requests;

/// <summary>
/// Round-trip times by endpoint, in two generations. Bounded: at <see cref="Capacity"/> endpoints the older generation is forgotten. An
/// endpoint that was never measured gets what is common.
/// </summary>
internal sealed class RoundTripTimes
{
    /// <summary>Endpoints remembered per generation: twice this in all, some 10 MB at the most.</summary>
    private const int Capacity = 65_536;

    // Guards _networks, and the change of generations.
    private readonly Lock _gate = new();
    private readonly CommonRoundTrip _networks = new();
    private volatile StrongBox<RoundTripEstimate> _common = new();
    private ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> _current = NewGeneration();
    private ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> _previous = NewGeneration();

    public RoundTripEstimate Common => _common.Value;

    public RoundTripEstimate this[UdpEndpoint endpoint] =>
        _current.TryGetValue(endpoint, out var estimate) || _previous.TryGetValue(endpoint, out estimate) ? estimate : Common;

    public bool IsMeasured(UdpEndpoint endpoint) => _current.ContainsKey(endpoint) || _previous.ContainsKey(endpoint);

    /// <summary>Learns a round trip. That of an endpoint which asked first says nothing of others.</summary>
    public void Add(UdpEndpoint endpoint, TimeSpan sample, bool askedFirst = false)
    {
        Remember(endpoint, sample);
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

    private void Remember(UdpEndpoint endpoint, TimeSpan sample)
    {
        _current.TryGetValue(endpoint, out var known);
        if (known == default)
        {
            _previous.TryGetValue(endpoint, out known);
        }

        _current[endpoint] = known.With(sample);
    }

    private static ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> NewGeneration() => new(1, 31);
}
