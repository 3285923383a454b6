namespace KadOrleans.Server;

/// <summary>
/// The first reading of what the provider says of itself, which all requests share: strangers, whose tokens cannot be told from others before it, would
/// else have the provider asked once for each of their requests, one after the other. What was read once is kept up to date elsewhere.
/// Safe for several threads.
/// </summary>
internal sealed class ProviderReading(Func<Task> read, TimeProvider time)
{
    /// <summary>The time from a reading that failed to the next one.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    // Guards _reading.
    private readonly Lock _gate = new();

    // Ends with null, or with when it failed.
    private Task<long?>? _reading;

    /// <summary>Whether it was read. While the provider does not respond, what was read serves on.</summary>
    public async Task<bool> SucceedsAsync(CancellationToken cancellationToken)
    {
        Task<long?> reading;
        lock (_gate)
        {
            if (_reading is null or { IsFaulted: true } || (_reading is { IsCompletedSuccessfully: true, Result: { } failedAt } && time.GetElapsedTime(failedAt) >= Pause))
            {
                _reading = ReadAsync();
            }

            reading = _reading;
        }

        return await reading.WaitAsync(cancellationToken) is null;
    }

    private async Task<long?> ReadAsync()
    {
        try
        {
            await read();
            return null;
        }
        catch (Exception e) when (
            e is InvalidOperationException or IOException or HttpRequestException or ArgumentException or OperationCanceledException)
        {
            return time.GetTimestamp();
        }
    }
}
