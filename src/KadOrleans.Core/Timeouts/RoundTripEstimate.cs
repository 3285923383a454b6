namespace KadOrleans.Core;

/// <summary>Smoothed mean and deviation, as TCP keeps them (RFC 6298).</summary>
internal readonly record struct RoundTripEstimate(TimeSpan Mean, TimeSpan Deviation)
{
    /// <summary>Below it, a pause of the peer's garbage collector would look like a loss.</summary>
    public static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>The network's nodes time out after 5 s, so a longer wait gains nothing.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan InitialTimeout = TimeSpan.FromSeconds(1);

    /// <summary>After <see cref="MinTimeout"/> and this, half a second, a contact without a response fails at the earliest.</summary>
    public static readonly TimeSpan MinRetryTimeout = TimeSpan.FromMilliseconds(400);

    public TimeSpan Timeout => this == default ? InitialTimeout : Clamp(Usual, MinTimeout);

    /// <summary>Most responses come within this time. It has no bounds, and is zero before anything was measured.</summary>
    public TimeSpan Usual => Mean + (4 * Deviation);

    public TimeSpan RetryTimeout => Clamp(2 * Timeout, MinRetryTimeout);

    public RoundTripEstimate With(TimeSpan sample)
    {
        if (this == default)
        {
            return new RoundTripEstimate(sample, sample / 2);
        }

        var error = sample - Mean;
        return new RoundTripEstimate(Mean + (error / 8), Deviation + ((error.Duration() - Deviation) / 4));
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least) => value < least ? least : value > MaxTimeout ? MaxTimeout : value;
}

// The round trip for contacts that were never measured; no lookup waits longer for any other. Each network (/24 or /48) counts
// once, so slow contacts in fewer than a quarter of the networks do not move it. Not safe for several threads.
internal sealed class CommonRoundTrip
{
    public const int MaxNetworks = 64;

    /// <summary>Samples between two computations, once there are as many networks.</summary>
    private const int Stride = 8;

    private readonly Dictionary<SourceNetwork, RoundTripEstimate> _networks = [];
    private readonly Queue<SourceNetwork> _order = new();
    private readonly RoundTripEstimate[] _sorted = new RoundTripEstimate[MaxNetworks];
    private int _samples;

    /// <summary>Three quarters of the networks do not exceed its timeout; default before anything was measured.</summary>
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
