namespace KadOrleans.Lab;

/// <summary>Sends one edge a call of each kind ten times a second, and gauges its silence.</summary>
internal sealed class EdgeProbes(UdpAsker calls, Stopwatch clock, CancellationToken stop)
{
    private const int Keys = 512;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private int _turn;

    public SilenceGauge Silence { get; } = new();

    public Task RunAsync() => RepeatedWork.RunAsync(Interval, SendAsync, stop);

    /// <summary>Of how many of the probed keys the edge acknowledges no STORE that is sent now.</summary>
    public async Task<int> CountRefusedAsync(TimeSpan wait)
    {
        var turn = Interlocked.Increment(ref _turn);
        var stored = Enumerable.Range(0, Keys).Select(i => calls.StoreAsync(KeyOf(i), ValueOf(turn))).ToArray();
        try
        {
            await Task.WhenAll(stored).WaitAsync(wait, stop);
        }
        catch (TimeoutException)
        {
            // Those that are not answered by now are counted.
        }

        return stored.Count(store => !store.IsCompletedSuccessfully || !store.Result);
    }

    private Task SendAsync()
    {
        var turn = Interlocked.Increment(ref _turn);
        _ = CountAsync(CallKind.Ping, calls.PingAsync());
        _ = CountAsync(CallKind.FindNode, calls.FindNodeAsync());
        _ = CountAsync(CallKind.FindValue, calls.FindValueAsync(KeyOf(turn % Keys)));
        _ = CountAsync(CallKind.Store, calls.StoreAsync(KeyOf(turn % Keys), ValueOf(turn)));
        return Task.CompletedTask;
    }

    private async Task CountAsync(CallKind kind, Task answer)
    {
        await answer;
        Silence.Longest(kind, clock.Elapsed, isAnswered: true);
    }

    private static NodeId KeyOf(int i) => NodeId.FromKey($"probe {i}");

    private static DhtValue ValueOf(int turn) => DhtValue.FromInteger(turn);
}

/// <summary>The longest time in which one edge answered no call of a kind.</summary>
internal sealed class SilenceGauge
{
    // Guards the times.
    private readonly Lock _gate = new();
    private readonly (TimeSpan Last, TimeSpan Longest)[] _times = new (TimeSpan, TimeSpan)[CallKinds.All.Count];

    public void Begin(TimeSpan now)
    {
        lock (_gate)
        {
            Array.Fill(_times, (now, TimeSpan.Zero));
        }
    }

    /// <summary>The longest silence since <see cref="Begin"/>, one that an answer ends now or that lasts included.</summary>
    public TimeSpan Longest(CallKind kind, TimeSpan now, bool isAnswered = false)
    {
        lock (_gate)
        {
            ref var of = ref _times[(int)kind];
            of.Longest = now - of.Last > of.Longest ? now - of.Last : of.Longest;
            of.Last = isAnswered ? now : of.Last;
            return of.Longest;
        }
    }
}
