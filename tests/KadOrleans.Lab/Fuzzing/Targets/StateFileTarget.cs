using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>Files of <c>kad state</c>, which are bodies of imports too: what is read is written, and read as the same, wherever the stream is cut.</summary>
internal sealed class StateFileTarget : IFuzzTarget
{
    // Shorter than any part of a file.
    private const int Drip = 3;

    private static readonly StoreQuota Quota = new() { TotalKeys = 20, TotalBytes = 20_000, KeysPerSource = 4, BytesPerSource = 4_000 };

    private readonly ManualTimeProvider _clock = new();

    public bool Run(ReadOnlySpan<byte> input)
    {
        var file = input.ToArray();
        var read = Read(new MemoryStream(file));
        RequireSame(read, Read(new DrippingStream(file, Drip)));
        if (read is null)
        {
            return false;
        }

        using var written = new MemoryStream();
        var state = read.Id is { } id ? new NodeState(id, [.. read.Contacts]) : null;
        Completed.Get(StateWriter.WriteAsync(written, state, read.Values.ToAsyncEnumerable(), CancellationToken.None));
        written.Position = 0;
        RequireSame(state is null ? read with { Contacts = [] } : read, Read(written));
        var importer = new StateImporter(new InMemoryKeyStore(Quota), batchSize: 16, _clock);
        Require(Completed.Get(importer.ImportAsync(read.Values, CancellationToken.None)), "a store in memory failed");
        var result = importer.Result;
        Require(
            result.Imported + result.Expired + result.Older + result.Refused == read.Values.Count, "an import has another number of outcomes than values");
        return true;
    }

    private static Content? Read(Stream stream)
    {
        try
        {
            var reader = new StateReader(stream, "input");
            var values = reader.ReadValues().ToList();
            return new Content(reader.Id, [.. reader.Contacts], values);
        }
        catch (StateFileException)
        {
            return null;
        }
    }

    private static void RequireSame(Content? first, Content? second) => Require(
        first?.Id == second?.Id
            && (first is null) == (second is null)
            && (first is null
                || (first.Contacts.SequenceEqual(second!.Contacts) && first.Values.Select(Describe).SequenceEqual(second.Values.Select(Describe)))),
        "the same file is read as another");

    // IsKept is no part of a value's equality.
    private static (NodeId Key, StoredValue Value, bool IsKept) Describe(KeyValuePair<NodeId, StoredValue> value) =>
        (value.Key, value.Value, value.Value.IsKept);

    private sealed record Content(NodeId? Id, IReadOnlyList<Contact> Contacts, IReadOnlyList<KeyValuePair<NodeId, StoredValue>> Values);

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class DrippingStream(byte[] content, int most) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, most));
    }
}
