namespace KadOrleans.Grains;

/// <summary>
/// Stops the stages that a silo had started when its start failed. Orleans only disposes of their services: its directory then looks for
/// updates of the membership, which has ended, without a pause and until the process ends.
/// </summary>
internal sealed class FailedStart(IServiceProvider services) : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    /// <summary>The timeout of the stop. After it the host is disposed of as Orleans does it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private ISiloLifecycleSubject? _started;

    // The first stage starts first and stops last.
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(FailedStart), ServiceLifecycleStage.First, _ => Set(services.GetRequiredService<ISiloLifecycleSubject>()), _ => Set(null));

    // A silo is made after what participates in its life, and so disposed of before: if it ran, it has stopped.
    public async ValueTask DisposeAsync()
    {
        if (_started is { } lifecycle)
        {
            await lifecycle.OnStop(new CancellationToken(canceled: true)).WaitAsync(Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task Set(ISiloLifecycleSubject? started)
    {
        _started = started;
        return Task.CompletedTask;
    }
}
