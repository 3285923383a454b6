namespace KadOrleans.Shards;

// The split of a shard into its halves. A seal ends its log: a later write fails on it, as each write of a slot is a
// compare-and-swap. Then everything is copied. From then on the halves decide. Each step may be repeated, by any activation.
internal sealed class Splitter(RecordLog log, ShardWriter writer, SplitCopier copier, ValueCache cache)
{
    /// <summary>Each try follows a compaction by another activation; five in a row are not expected.</summary>
    private const int MaxTries = 5;

    private Task _filling = Task.CompletedTask;
    private Task _emptying = Task.CompletedTask;

    // An image to which the halves have added nothing. Where another activation sealed the log that cannot be known: it may be filling them.
    private StorageImage? _current;
    private bool _hasSealed;

    /// <summary>Whether the halves have everything, and decide.</summary>
    public bool AreHalvesFilled { get; private set; }

    /// <summary>Whether the shard answers gets itself: it is not sealed, or is known to be ahead of its halves.</summary>
    public bool MayRead => !log.IsSealed || (_hasSealed && log.Image == _current && !AreHalvesFilled);

    /// <summary>Completes when nothing is copied or emptied. Never fails.</summary>
    public Task Completion => Task.WhenAll(_filling, _emptying).ContinueWith(
        static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Copies everything into the halves, if that is not done or under way. Writes wait for it.</summary>
    public Task FillHalvesAsync() => AreHalvesFilled ? Task.CompletedTask : _filling.IsCompleted ? _filling = FillOnceAsync() : _filling;

    public async Task<IReadOnlyList<HalfCopy>> FindMissingAsync()
    {
        var image = log.Image;
        var missing = image.IsSplit ? [] : await copier.FindMissingAsync();
        (AreHalvesFilled, _current) = (missing.Count == 0, image);
        return missing;
    }

    /// <summary>Empties the shard, whose halves have everything, if that is not under way.</summary>
    public Task EmptyAsync() => _emptying.IsCompleted ? _emptying = EmptyOnceAsync() : _emptying;

    private Task EmptyOnceAsync() => RetryAsync(async () =>
    {
        await copier.EmptyAsync(log.Image);
        if (log.Shard.Count > 0)
        {
            await writer.ReloadAsync();
        }
    });

    private async Task FillOnceAsync()
    {
        if (!log.IsSealed && await writer.SealAsync())
        {
            (_hasSealed, _current) = (true, log.Image);
        }

        await RetryAsync(async () =>
        {
            await log.Compacting;
            if (log.IsInDoubt)
            {
                await writer.ReloadAsync();
            }

            if (await FindMissingAsync() is { Count: > 0 } missing)
            {
                using var permit = await cache.Compactions.AcquireAsync();
                await copier.CopyAsync(_current!, missing);
                AreHalvesFilled = true;
            }
        });
    }

    private async Task RetryAsync(Func<Task> run)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await run();
                return;
            }
            catch (StorageConflictException) when (tries < MaxTries)
            {
                await writer.ReloadAsync();
            }
        }
    }
}
