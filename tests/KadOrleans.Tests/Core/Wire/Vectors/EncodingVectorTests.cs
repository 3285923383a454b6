namespace KadOrleans.Tests.Core;

public sealed class EncodingVectorTests
{
    public static TheoryData<int> Indices => [.. Enumerable.Range(0, WireVectors.Encodings.Count)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void An_object_is_written_as_the_reference_writes_it_and_read(int index)
    {
        var recorded = WireVectors.Encodings[index];
        var buffer = new byte[recorded.Bytes.Length];
        var writer = new MessagePackWriter(buffer);
        Write(ref writer, recorded.Value);
        Assert.Equal(recorded.Bytes.Length, writer.Length);
        Assert.Equal(recorded.Bytes, buffer);

        var whole = new MessagePackReader(recorded.Bytes);
        Assert.True(whole.TryReadObject(depth: 0, out var encoded));
        Assert.Equal(recorded.Bytes, encoded.ToArray());
        var reader = new MessagePackReader(recorded.Bytes);
        Assert.True(reader.TryRead(out var token));
        Assert.Equal(recorded.Value.ToValue(), token.ToValue());
        Assert.True(!token.IsContainer || recorded.Value.Items.Count == token.Count);
    }

    private static void Write(ref MessagePackWriter writer, RecordedPayload value)
    {
        if (value.ToValue() is { Kind: not DhtValueKind.None } supported)
        {
            writer.WriteValue(supported);
        }
        else if (value.IsNil)
        {
            writer.WriteNil();
        }
        else if (value.IsArray)
        {
            writer.WriteArrayHeader(value.Items.Count);
            foreach (var item in value.Items)
            {
                Write(ref writer, item);
            }
        }
        else
        {
            writer.WriteMapHeader(value.Items.Count);
            foreach (var pair in value.Items)
            {
                Write(ref writer, pair.Items[0]);
                Write(ref writer, pair.Items[1]);
            }
        }
    }
}
