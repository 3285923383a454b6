using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using KadOrleans.EdgeWorker.Values;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Hosting;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Edge.Transfer;

/// <summary>Exports a cluster's values to a file, or imports them from one, while the cluster keeps serving.</summary>
/// <param name="arguments">The verb, FILE and the form of the summary.</param>
/// <param name="io">Streams, clock and timeout.</param>
internal sealed class ValueTransfer(TransferArguments arguments, TransferIo io)
{
    // The most pending puts. Files are in the order of shards, so all may be of one shard: that is one call of at most 8 MiB.
    private const int Together = 1024;

    private Func<string> _describe = () => "looking for a silo";
    private long _count;

    /// <summary>The progress, in words. Safe for several threads.</summary>
    public string Describe() => Volatile.Read(ref _describe)();

    /// <summary>Writes the cluster's values, with the expired ones that it still publishes.</summary>
    /// <param name="grains">A connected client's.</param>
    /// <param name="cancellationToken">Cancels the export. An earlier file stays as it was.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    /// <exception cref="StateFileException">The file cannot be written.</exception>
    /// <exception cref="TransferException">The cluster's settings do not exist or cannot be read.</exception>
    public async Task<int> ExportAsync(IGrainFactory grains, CancellationToken cancellationToken)
    {
        await using var store = await OpenAsync(grains, cancellationToken);
        Tell(() => $"exported {Interlocked.Read(ref _count):N0} values");
        if (arguments.File == StateFile.Standard)
        {
            await using var output = io.OpenOutput();
            await WriteAsync(store, output, cancellationToken);
            return await EndAsync(io.Error, "to the standard output");
        }

        await StateFile.WriteAsync(arguments.File, stream => WriteAsync(store, stream, cancellationToken));
        return await EndAsync(io.Output, $"to {arguments.File}");
    }

    /// <summary>Reads a file to its end, so that nothing of a broken file is imported.</summary>
    /// <param name="stream">The file. The import reads it again from the start.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The reader, with what the file has besides values.</returns>
    /// <exception cref="StateFileException">It is broken.</exception>
    public StateReader Check(Stream stream, CancellationToken cancellationToken)
    {
        var head = new StateReader(stream, arguments.File);
        Tell(() => $"checked {Interlocked.Read(ref _count):N0} values");
        foreach (var _ in head.ReadValues())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Interlocked.Increment(ref _count);
        }

        stream.Position = 0;
        return head;
    }

    /// <summary>Imports the values of a checked file.</summary>
    /// <param name="grains">A connected client's.</param>
    /// <param name="stream">The file.</param>
    /// <param name="head">The result of <see cref="Check"/>.</param>
    /// <param name="cancellationToken">Cancels the import. Values that were imported stay.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    /// <exception cref="TransferException">The cluster's settings do not exist or cannot be read, or a write failed.</exception>
    public async Task<int> ImportAsync(IGrainFactory grains, Stream stream, StateReader head, CancellationToken cancellationToken)
    {
        await using var store = await OpenAsync(grains, cancellationToken);
        var importer = new StateImporter(store, Together, io.Time);
        Tell(() => $"imported {importer.Result.Imported:N0} values");
        if (!await importer.ImportAsync(new StateReader(stream, arguments.File).ReadValues(), cancellationToken))
        {
            throw new TransferException(
                $"The cluster's storage failed or a shard did not respond, after {importer.Result.Imported} imported values; "
                + "import again when its silos are ready.");
        }

        if (head.Id is not null || head.Contacts.Count > 0)
        {
            await io.Error.WriteLineAsync($"A node's id and {head.Contacts.Count} contacts in the file are left out: a cluster has its own.");
        }

        var result = importer.Result;
        await io.Output.WriteLineAsync(arguments.IsJson
            ? new JsonObject
            {
                ["file"] = arguments.File,
                ["imported"] = result.Imported,
                ["expired"] = result.Expired,
                ["older"] = result.Older,
                ["refused"] = result.Refused,
            }.ToJsonString()
            : VisibleText.Show($"imported {result.Imported} values from {arguments.File}; left out: {result.Expired} expired, "
                + $"{result.Older} older than the cluster's, {result.Refused} too long or beyond the quotas"));
        return result.Refused == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<GrainKeyStore> OpenAsync(IGrainFactory grains, CancellationToken cancellationToken)
    {
        ClusterSettings? settings;
        try
        {
            settings = await grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetAsync().AsTask()
                .WaitAsync(io.Timeout, io.Time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransferException($"The cluster's settings cannot be read: {Phrases.Of(e.Message)}.", e);
        }

        return settings is null
            ? throw new TransferException("The cluster has no settings yet: its first silo makes them when it starts.")
            : new GrainKeyStore(
                grains,
                settings.Layout,
                io.Time,
                NullLogger<GrainKeyStore>.Instance,
                new GrainKeyStoreOptions { Timeout = io.Timeout });
    }

    private Task<long> WriteAsync(GrainKeyStore store, Stream stream, CancellationToken cancellationToken) =>
        StateWriter.WriteAsync(stream, null, HeldAsync(store, cancellationToken), cancellationToken);

    private async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> HeldAsync(
        GrainKeyStore store, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var entry in store.ScanAsync(cancellationToken))
        {
            // A publication of the cluster lives until it is unpublished.
            if (!entry.Value.IsExpired(io.Time.GetUtcNow()) || entry.Value.PublishedAt is not null)
            {
                Interlocked.Increment(ref _count);
                yield return entry;
            }
        }
    }

    private async Task<int> EndAsync(TextWriter summary, string where)
    {
        await summary.WriteLineAsync(arguments.IsJson
            ? new JsonObject { ["file"] = arguments.File, ["values"] = _count }.ToJsonString()
            : VisibleText.Show($"exported {_count} values {where}"));
        return ExitCode.Done;
    }

    private void Tell(Func<string> describe)
    {
        Interlocked.Exchange(ref _count, 0);
        Volatile.Write(ref _describe, describe);
    }
}

/// <summary>Writes a line of progress every two seconds.</summary>
internal sealed class ProgressLines : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly PeriodicTimer _timer;
    private readonly Task _writing;

    /// <param name="error">Gets a line each time.</param>
    /// <param name="describe">The line. Called from another thread.</param>
    /// <param name="time">For the interval.</param>
    public ProgressLines(TextWriter error, Func<string> describe, TimeProvider time)
    {
        _timer = new PeriodicTimer(Interval, time);
        _writing = WriteAsync(error, describe);
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _writing;
    }

    private async Task WriteAsync(TextWriter error, Func<string> describe)
    {
        while (await _timer.WaitForNextTickAsync())
        {
            await error.WriteLineAsync(describe());
        }
    }
}
