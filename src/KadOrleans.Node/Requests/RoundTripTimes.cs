using System.Collections.Concurrent;
using KadOrleans.Core;
using KadOrleans.Core.Timeouts;

namespace KadOrleans.Node.Requests;

/// <summary>
/// Round-trip times by endpoint, in two generations. Bounded: at <see cref="Capacity"/> endpoints the older generation is forgotten. An
/// endpoint that was never measured gets the average of all.
/// </summary>
internal sealed class RoundTripTimes
{
    /// <summary>Endpoints remembered per generation: twice this in all, some 10 MB at the most.</summary>
    private const int Capacity = 65_536;

    // Guards _overall.
    private readonly Lock _gate = new();
    private RoundTripEstimate _overall;
    private ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> _current = NewGeneration();
    private ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> _previous = NewGeneration();

    public RoundTripEstimate this[UdpEndpoint endpoint]
    {
        get
        {
            if (_current.TryGetValue(endpoint, out var estimate) || _previous.TryGetValue(endpoint, out estimate))
            {
                return estimate;
            }

            lock (_gate)
            {
                return _overall;
            }
        }
    }

    public bool IsMeasured(UdpEndpoint endpoint) => _current.ContainsKey(endpoint) || _previous.ContainsKey(endpoint);

    /// <summary>Learns a round trip.</summary>
    public void Add(UdpEndpoint endpoint, TimeSpan sample)
    {
        _current.TryGetValue(endpoint, out var known);
        if (known == default)
        {
            _previous.TryGetValue(endpoint, out known);
        }

        _current[endpoint] = known.With(sample);
        lock (_gate)
        {
            _overall = _overall.With(sample);
            if (_current.Count >= Capacity)
            {
                _previous = _current;
                _current = NewGeneration();
            }
        }
    }

    private static ConcurrentDictionary<UdpEndpoint, RoundTripEstimate> NewGeneration() => new(1, 31);
}
