using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>Runs a <see cref="LoadGenerator"/> on a thread of its own, and says meanwhile how far it is.</summary>
internal sealed class LoadRunner(CommandIo io, LoadGenerator generator, CancellationToken cancellationToken)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    // Verifying a thousand contacts takes eight seconds by its own limits, and handing values to them somewhat more.
    private static readonly TimeSpan LongestSettling = TimeSpan.FromMinutes(2);

    // For each new contact a node looks through all it holds: for a thousand contacts and a million keys minutes on a busy machine.
    private static readonly TimeSpan SettlingPerKey = TimeSpan.FromMicroseconds(500);

    // Of one core; what a node does by itself takes less.
    private const double Idle = 0.1;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>Runs a load.</summary>
    /// <param name="name">What it is, for people.</param>
    /// <param name="load">The load.</param>
    /// <param name="result">Where it is counted.</param>
    /// <param name="target">Whose processor time, memory and collections are counted, if they can be known.</param>
    public async Task RunAsync(string name, Load load, LoadResult result, ChildCommand? target = null)
    {
        var collections = target is null ? null : await target.ReadCollectionsAsync(cancellationToken);
        var cpu = target?.Cpu;
        var running = OnThread(() => generator.Run(load, result, cancellationToken));
        var (shownAt, shown) = (Stopwatch.GetTimestamp(), generator.Answered);
        while (await Task.WhenAny(running, Task.Delay(WaitingLines.Interval, CancellationToken.None)) != running)
        {
            var rate = (generator.Answered - shown) / Stopwatch.GetElapsedTime(shownAt).TotalSeconds;
            (shownAt, shown) = (Stopwatch.GetTimestamp(), generator.Answered);
            io.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {rate:N0} answers per second"));
        }

        await running;
        if (target is not null)
        {
            result.TargetCpu = (result.TargetCpu ?? TimeSpan.Zero) + target.Cpu - cpu;
            result.TargetMemory = target.Memory;
            result.TargetCollections = (result.TargetCollections ?? default(GarbageCollections))
                + await target.ReadCollectionsAsync(cancellationToken) - collections;
        }
    }

    /// <summary>Answers the target until it has nothing left to do by itself.</summary>
    /// <param name="target">Its process.</param>
    /// <param name="responder">Answers for its contacts.</param>
    /// <param name="contacts">How many of them there are: each is pinged before.</param>
    /// <param name="keys">The keys that it holds.</param>
    public async Task SettleAsync(ChildCommand target, PeerResponder responder, int contacts, int keys)
    {
        var (longest, lines) = (LongestSettling + (keys * SettlingPerKey), new WaitingLines(io));
        var isOver = false;
        var serving = OnThread(() => generator.Serve(() => Volatile.Read(ref isOver)));
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            var (lookedAt, cpu) = (startedAt, target.Cpu);
            for (var share = 1.0; responder.SourcesPinged < contacts || share > Idle;)
            {
                if (Stopwatch.GetElapsedTime(startedAt) > longest)
                {
                    throw CommandException.Failed($"The node did not come to rest within {longest}.");
                }

                lines.Say($"the node verifies its contacts: {responder.SourcesPinged} of {contacts}, at {share * 100:0} % of a core");
                await Task.Delay(Look, cancellationToken);
                share = (target.Cpu - cpu) / Stopwatch.GetElapsedTime(lookedAt);
                (lookedAt, cpu) = (Stopwatch.GetTimestamp(), target.Cpu);
            }
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
