namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>Workers that call a cluster until the test ends, however it ends: those that went on would starve the tests behind it.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _workers;

    /// <summary>Starts workers.</summary>
    /// <param name="numbers">Each worker's number.</param>
    /// <param name="work">What the worker with a number does until its token is cancelled.</param>
    public Load(IEnumerable<int> numbers, Func<int, CancellationToken, Task> work) =>
        _workers = Task.WhenAll(numbers.Select(number => work(number, _stop.Token)).ToList());

    /// <summary>Ends the workers. Throws what one of them threw.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _workers;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
