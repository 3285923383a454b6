namespace KadOrleans.Server;

/// <summary>What the parts of one edge share. It runs within a silo, or is an Orleans client.</summary>
internal sealed record EdgeContext(
    EdgeOptions Options,
    EdgeTiming Timing,
    IGrainFactory Grains,
    NodeEnvironment Environment,
    EdgeHealth Health,
    ClockWatch Clock,
    ILocalSiloDetails? Silo = null)
{
    public IEdgeDirectoryGrain Directory => Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    /// <summary>Waits for a silo's response, up to <see cref="EdgeTiming.Call"/>, and notes that one came.</summary>
    /// <exception cref="TimeoutException">No response in time. The call may still take effect.</exception>
    public async Task<T> CallAsync<T>(ValueTask<T> call, CancellationToken cancellationToken)
    {
        var result = await call.AsTask().WaitAsync(Timing.Call, Environment.Time, cancellationToken);
        Health.Answered();
        return result;
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public async Task CallAsync(ValueTask call, CancellationToken cancellationToken)
    {
        await call.AsTask().WaitAsync(Timing.Call, Environment.Time, cancellationToken);
        Health.Answered();
    }
}

/// <summary>How often an edge does what. Tests shorten it.</summary>
internal sealed record EdgeTiming
{
    public TimeSpan Renewal { get; init; } = IEdgeDirectoryGrain.RenewalInterval;

    /// <summary>Time between renewals of the subscriptions, which end after three minutes without one.</summary>
    public TimeSpan Subscription { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The timeout of one call. Two and a renewal fit into a lease, so one lost call does not cost it.</summary>
    public TimeSpan Call { get; init; } = IEdgeDirectoryGrain.LeaseTimeout;

    /// <summary>The longest pause between attempts at the lease. The first is 250 ms, and it doubles.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first pause before another attempt to join the network. It doubles up to a minute.</summary>
    public TimeSpan FirstJoinPause { get; init; } = TimeSpan.FromSeconds(1);
}
