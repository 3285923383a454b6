namespace KadOrleans.Lab;

/// <summary>
/// Tells republishing from hand-off by the STOREs on the wire: a node that sends a value to nearly all of the k nearest republishes it. So it
/// judges any way of republishing alike.
/// </summary>
public sealed class UpkeepSends
{
    /// <summary>STOREs of one value by one node within this time are one sending.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(2);

    /// <summary>The share of the holders that makes a republishing. Hand-offs to several newcomers at once reach half of them.</summary>
    private const double Enough = 0.9;

    private readonly Dictionary<NodeId, SentValue> _values = [];
    private readonly Dictionary<(NodeId Key, UdpEndpoint Sender), Sending> _open = [];
    private readonly Queue<(TimeSpan At, (NodeId Key, UdpEndpoint Sender) Sending)> _opened = new();
    private readonly Dictionary<UdpEndpoint, Queue<TimeSpan>> _ofLastMinute = [];
    private readonly List<double> _lateness = [];
    private readonly List<long> _byHour = [];
    private readonly TimeSpan _interval;
    private readonly int _enough;
    private int _mostInMinute;

    /// <param name="interval">After which a value is due.</param>
    /// <param name="holders">How many nodes are to get each value.</param>
    internal UpkeepSends(TimeSpan interval, int holders) => (_interval, _enough) = (interval, Math.Max(1, (int)(Enough * holders)));

    /// <summary>Values sent to the k nearest, each time that one was.</summary>
    public int Republished { get; private set; }

    /// <summary>Of these, those of values that another node, or the same, had sent less than half an interval before.</summary>
    public int Repeated { get; private set; }

    /// <summary>Values that were sent at all.</summary>
    public int SentOnce { get; private set; }

    /// <summary>When a value was sent for the first time, for the last time that this happened; since the start.</summary>
    public TimeSpan SentOnceAt { get; private set; }

    /// <summary>STOREs without retries.</summary>
    public long Stores { get; private set; }

    /// <summary>Of these, those of republishing; the others hand values off.</summary>
    public long StoresOfRepublished { get; private set; }

    public IReadOnlyList<long> StoresByHour => _byHour;

    /// <summary>Seconds from the time when a value was due to its first STORE; none of repeated ones.</summary>
    public Distribution Lateness => Distribution.Of(_lateness);

    /// <summary>Values a second of the node that sent most, in its busiest minute, which may begin at any time.</summary>
    public double MostPerSecond => _mostInMinute / 60.0;

    /// <summary>Counts STOREs of a value from now on.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="storedAt">When it was last sent, from the start of the counting: not above zero.</param>
    internal void Add(NodeId key, TimeSpan storedAt) => _values.Add(key, new SentValue { SentAt = storedAt });

    internal void OnStore(NodeId key, UdpEndpoint sender, UdpEndpoint receiver, TimeSpan now)
    {
        if (!_values.TryGetValue(key, out var value))
        {
            return;
        }

        CloseOld(now);
        if (!_open.TryGetValue((key, sender), out var sending))
        {
            _open.Add((key, sender), sending = new Sending(now));
            _opened.Enqueue((now, (key, sender)));
        }

        if (sending.TryAdd(receiver))
        {
            CountStore(now);
            if (sending.IsRepublishing)
            {
                StoresOfRepublished++;
            }
            else if (sending.Receivers >= _enough)
            {
                sending.IsRepublishing = true;
                StoresOfRepublished += sending.Receivers;
                CountRepublished(value, sender, sending.BegunAt);
            }
        }
    }

    private void CountStore(TimeSpan now)
    {
        Stores++;
        while (_byHour.Count <= (int)now.TotalHours)
        {
            _byHour.Add(0);
        }

        _byHour[(int)now.TotalHours]++;
    }

    private void CountRepublished(SentValue value, UdpEndpoint sender, TimeSpan at)
    {
        Republished++;
        CountOfMinute(sender, at);
        var age = at - value.SentAt;
        if (age < _interval / 2)
        {
            Repeated++;
        }
        else
        {
            _lateness.Add(Math.Max(0, (age - _interval).TotalSeconds));
        }

        value.SentAt = at;
        if (!value.IsSent)
        {
            value.IsSent = true;
            SentOnce++;
            SentOnceAt = at;
        }
    }

    private void CloseOld(TimeSpan now)
    {
        while (_opened.TryPeek(out var first) && now - first.At >= Window)
        {
            _open.Remove(_opened.Dequeue().Sending);
        }
    }

    private void CountOfMinute(UdpEndpoint sender, TimeSpan at)
    {
        if (!_ofLastMinute.TryGetValue(sender, out var times))
        {
            _ofLastMinute.Add(sender, times = new Queue<TimeSpan>());
        }

        times.Enqueue(at);
        while (at - times.Peek() >= TimeSpan.FromMinutes(1))
        {
            times.Dequeue();
        }

        _mostInMinute = Math.Max(_mostInMinute, times.Count);
    }

    private sealed class SentValue
    {
        public TimeSpan SentAt { get; set; }

        public bool IsSent { get; set; }
    }

    private sealed class Sending(TimeSpan begunAt)
    {
        private readonly List<UdpEndpoint> _receivers = [];

        public TimeSpan BegunAt => begunAt;

        public int Receivers => _receivers.Count;

        public bool IsRepublishing { get; set; }

        /// <summary>False for a retry.</summary>
        public bool TryAdd(UdpEndpoint receiver)
        {
            // Some twenty, so looking through them is cheap.
            if (_receivers.Contains(receiver))
            {
                return false;
            }

            _receivers.Add(receiver);
            return true;
        }
    }
}
