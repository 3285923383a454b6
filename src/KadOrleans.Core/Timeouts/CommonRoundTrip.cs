using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Timeouts;

/// <summary>
/// The round trip that is common in the network. A contact that was never measured is given it, and no lookup waits longer for any other.
/// Each network (/24 or /48) counts once, whatever it sends, so slow contacts in fewer than a quarter of the networks do not move it.
/// Not safe for several threads.
/// </summary>
internal sealed class CommonRoundTrip
{
    /// <summary>The most networks that are remembered: those first met are forgotten first.</summary>
    public const int MaxNetworks = 64;

    /// <summary>Samples between two computations, once there are as many networks.</summary>
    private const int Stride = 8;

    private readonly Dictionary<SourceNetwork, RoundTripEstimate> _networks = [];
    private readonly Queue<SourceNetwork> _order = new();
    private readonly RoundTripEstimate[] _sorted = new RoundTripEstimate[MaxNetworks];
    private int _samples;

    /// <summary>The estimate whose timeout three quarters of the networks do not exceed; default before anything was measured.</summary>
    public RoundTripEstimate Estimate { get; private set; }

    public void Add(UdpEndpoint endpoint, TimeSpan sample)
    {
        var network = SourceNetwork.SubnetOf(endpoint);
        if (!_networks.TryGetValue(network, out var known))
        {
            if (_order.Count == MaxNetworks)
            {
                _networks.Remove(_order.Dequeue());
            }

            _order.Enqueue(network);
        }

        _networks[network] = known.With(sample);
        if (_networks.Count < Stride || ++_samples % Stride == 0)
        {
            _networks.Values.CopyTo(_sorted, 0);
            var networks = _sorted.AsSpan(0, _networks.Count);
            networks.Sort(static (a, b) => a.Timeout.CompareTo(b.Timeout));
            Estimate = networks[(networks.Length - 1) * 3 / 4];
        }
    }
}
