using System.Text.Json.Nodes;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Edge.Transfer;
using KadOrleans.StateFiles;

namespace KadOrleans.Edge.Tests.Transfer;

/// <summary>Exports and imports within the test, without a process, and what they wrote.</summary>
internal sealed class TransferRun : IDisposable
{
    private readonly MemoryStream _file = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public TransferRun(TimeSpan? patience = null, byte[]? input = null)
    {
        Io = new TransferIo
        {
            OpenInput = () => new MemoryStream(input ?? []),
            OpenOutput = () => _file,
            Output = _output,
            Error = TextWriter.Synchronized(_error),
        };
        if (patience is { } given)
        {
            Io = Io with { Timeout = given };
        }
    }

    public TransferIo Io { get; }

    public byte[] File => _file.ToArray();

    public string Output => _output.ToString().Trim();

    public string Error => _error.ToString().Trim();

    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>The values of a state file.</summary>
    public static SortedDictionary<NodeId, StoredValue> Read(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return new(new StateReader(stream, "test").ReadValues().ToDictionary());
    }

    public async Task<int> ExportAsync(IGrainFactory grains, string file)
    {
        var transfer = new ValueTransfer(new TransferArguments(TransferArguments.Export, file, true, []), Io);
        return await transfer.ExportAsync(grains, CancellationToken.None);
    }

    public async Task<int> ImportAsync(IGrainFactory grains, byte[] file)
    {
        var transfer = new ValueTransfer(new TransferArguments(TransferArguments.Import, "test", true, []), Io);
        using var stream = new MemoryStream(file);
        var head = transfer.Check(stream, CancellationToken.None);
        return await transfer.ImportAsync(grains, stream, head, CancellationToken.None);
    }

    public void Dispose()
    {
        _file.Dispose();
        _output.Dispose();
        _error.Dispose();
    }
}
