namespace KadOrleans.Lab;

/// <summary>Runs a <see cref="LoadGenerator"/> on a thread of its own, and says meanwhile how far it is.</summary>
internal sealed class LoadRunner(CommandIo io, LoadGenerator generator, CancellationToken cancellationToken)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    // Verifying a thousand contacts takes eight seconds by its own limits, and handing values to them somewhat more.
    private static readonly TimeSpan LongestSettling = TimeSpan.FromMinutes(2);

    // A node scans all its keys for each new contact that is near to one. With a million keys that takes minutes on a busy machine.
    private static readonly TimeSpan SettlingPerKey = TimeSpan.FromMicroseconds(500);

    // Of one core; what a node does by itself takes less.
    private const double Idle = 0.1;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>Runs a load and returns the result, which may go on from an earlier one.</summary>
    public async Task<LoadResult> RunAsync(string what, LoadTarget target, Load load, LoadResult? before = null)
    {
        var result = before ?? new LoadResult();
        var running = OnThread(() => generator.Run(target, load, result, cancellationToken));
        var (shownAt, shown) = (Stopwatch.GetTimestamp(), generator.Answered);
        while (await Task.WhenAny(running, Task.Delay(ProgressLines.Interval, CancellationToken.None)) != running)
        {
            var rate = (generator.Answered - shown) / Stopwatch.GetElapsedTime(shownAt).TotalSeconds;
            (shownAt, shown) = (Stopwatch.GetTimestamp(), generator.Answered);
            io.Error.WriteLine($"{target.Name}, {what}: {rate:N0} answers per second");
        }

        await running;
        return result;
    }

    /// <summary>Runs a load that is measured, with processor time, memory and collections of the target if they can be known.</summary>
    public async Task MeasureAsync(string what, LoadTarget target, Load load)
    {
        var (process, result) = (target.Process, target.Result);
        var collections = process is null ? null : await process.ReadCollectionsAsync(cancellationToken);
        var cpu = process?.Cpu;
        await RunAsync(what, target, load, result);
        if (process is not null)
        {
            result.TargetCpu = (result.TargetCpu ?? TimeSpan.Zero) + process.Cpu - cpu;
            result.TargetMemory = process.Memory;
            result.TargetCollections = (result.TargetCollections ?? default(GarbageCollections))
                + await process.ReadCollectionsAsync(cancellationToken) - collections;
        }
    }

    public async Task SettleAsync(LoadTarget target, int contacts, int keys)
    {
        var (process, longest, lines) = (target.Process!, LongestSettling + (keys * SettlingPerKey), new ProgressLines(io));
        var startedAt = Stopwatch.GetTimestamp();
        var (lookedAt, cpu, share) = (startedAt, process.Cpu, 1.0);
        await ServeAsync(target, () =>
        {
            if (Stopwatch.GetElapsedTime(startedAt) > longest)
            {
                throw CommandException.Failed($"The node did not come to rest within {longest}.");
            }

            share = (process.Cpu - cpu) / Stopwatch.GetElapsedTime(lookedAt);
            (lookedAt, cpu) = (Stopwatch.GetTimestamp(), process.Cpu);
            var pinged = target.Protocol.SourcesPinged;
            lines.Say($"{target.Name} settles: {pinged} of {contacts} contacts verified, {share * 100:0} % of a core");
            return pinged >= contacts && share <= Idle;
        });
    }

    /// <summary>Answers a target until something is so, which is looked at twice a second.</summary>
    public async Task ServeAsync(LoadTarget target, Func<bool> isReady)
    {
        generator.Know(target);
        var isOver = false;
        var serving = OnThread(() => generator.Serve(() => Volatile.Read(ref isOver)));
        try
        {
            do
            {
                await Task.Delay(Look, cancellationToken);
            }
            while (!isReady());
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            await serving;
        }
    }

    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
