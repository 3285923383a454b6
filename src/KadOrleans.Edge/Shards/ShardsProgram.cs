using System.Text.Json.Nodes;
using KadOrleans.Edge.Transfer;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Hosting;
using KadOrleans.Hosting.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Edge.Shards;

/// <summary>Runs <c>shards</c>, which shows the number of shards, and <c>shards double</c>, which doubles it.</summary>
/// <param name="isJson">Whether the summary is JSON.</param>
/// <param name="io">Where it writes, and how long it waits for a response.</param>
internal sealed class ShardsProgram(bool isJson, TransferIo io)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private volatile ShardStatus? _last;

    /// <summary>Runs one of the two against the cluster that the settings name.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static Task<int> RunAsync(KadProviders providers, string[] settings, bool isDouble, bool isJson, TransferIo io) =>
        TransferProgram.RunAsync(io, async cancellationToken =>
        {
            await using var cluster = ClusterClientHost.Create(settings, providers);
            await cluster.ConnectAsync(io, cancellationToken);
            var program = new ShardsProgram(isJson, io);
            return isDouble
                ? await program.DoubleAsync(cluster.Grains, cancellationToken)
                : await program.ShowAsync(cluster.Grains, cancellationToken);
        });

    /// <summary>Shows the number of shards, and how far a doubling is.</summary>
    /// <exception cref="TransferException">The cluster does not say.</exception>
    public async Task<int> ShowAsync(IGrainFactory grains, CancellationToken cancellationToken) =>
        await WriteAsync(await AskAsync(grains, grain => grain.GetShardsAsync(), cancellationToken));

    /// <summary>Doubles the number of shards, and waits until it is done. If it is interrupted, the cluster goes on.</summary>
    /// <exception cref="TransferException">The cluster refuses, or does not respond.</exception>
    public async Task<int> DoubleAsync(IGrainFactory grains, CancellationToken cancellationToken)
    {
        _last = await AskAsync<ShardStatus>(grains, async grain => await grain.DoubleShardsAsync(), cancellationToken);
        await using var progress = isJson ? null : new ProgressLines(io.Error, () => Describe(_last), io.Time);
        try
        {
            while (_last is { Split: not null })
            {
                await Task.Delay(Pause, io.Time, cancellationToken);
                _last = await AskAsync(grains, grain => grain.GetShardsAsync(), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new TransferException("Interrupted; the cluster goes on, and KadOrleans.Edge shards shows how far it is.");
        }

        return await WriteAsync(_last!);
    }

    private async Task<T> AskAsync<T>(IGrainFactory grains, Func<IClusterGrain, ValueTask<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        var calls = new GrainCalls(io.Time, NullLogger.Instance);
        try
        {
            var grain = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton);
            return await calls.CallAsync(nameof(IClusterGrain), () => ask(grain), new TimeLimit(io.Timeout, io.Time), cancellationToken)
                ?? throw new TransferException("The cluster has no settings yet: its first silo makes them when it starts.");
        }
        catch (InvalidOperationException refusal)
        {
            throw new TransferException(refusal.Message, refusal);
        }
        catch (Exception e) when (e is not TransferException && !cancellationToken.IsCancellationRequested)
        {
            throw new TransferException($"The cluster does not say how many shards it has: {Phrases.Of(e.Message)}.", e);
        }
    }

    private async Task<int> WriteAsync(ShardStatus status)
    {
        await io.Output.WriteLineAsync(isJson
            ? new JsonObject { ["bits"] = status.Bits, ["shards"] = status.Count, ["split"] = status.Split }.ToJsonString()
            : Describe(status));
        return ExitCode.Done;
    }

    private static string Describe(ShardStatus? status) => status switch
    {
        null => "looking for a silo",
        { Split: { } split } => $"{status.Count} shards ({status.Bits} bits) are being doubled: {split} are split",
        _ => $"{status.Count} shards ({status.Bits} bits)",
    };
}
