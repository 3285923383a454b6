namespace KadOrleans.Tests.Core;

/// <summary>What is written is read again, and nothing else. A failure prints the seed to replay it with.</summary>
public sealed class RoundTripProperties
{
    private static readonly byte[] Buffer = new byte[Datagram.MaxLength];

    [Fact]
    public void Requests_come_back() => Randomized.ForSeeds(300, random =>
    {
        var id = MessageId.Random(random);
        var store = new StoreRequest(random.NextId(), random.NextId(), Value(random));
        foreach (var kind in Enum.GetValues<RequestKind>())
        {
            var request = Decode(id, RequestBytes.Write(Buffer, kind, id, store));
            Assert.Equal(kind, request.Kind);
            Assert.Equal(kind == RequestKind.Stun ? default : store.Sender, request.Sender);
            Assert.Equal(kind is RequestKind.Stun or RequestKind.Ping ? default : store.Key, request.Target);
            Assert.True(kind != RequestKind.Store || request.AsStore() == store);
        }
    });

    [Fact]
    public void Responses_come_back() => Randomized.ForSeeds(300, random =>
    {
        var (id, self, endpoint) = (MessageId.Random(random), random.NextId(), Endpoint(random));
        var (kept, value) = (random.Next(2) == 0, Value(random));
        Assert.True(ResponseReader.TryReadPong(Body(id, ResponseWriter.WritePong(Buffer, id, self)), out var readId));
        Assert.Equal(self, readId);
        Assert.True(ResponseReader.TryReadStun(Body(id, ResponseWriter.WriteStun(Buffer, id, endpoint)), out var readEndpoint));
        Assert.Equal(endpoint, readEndpoint);
        Assert.True(ResponseReader.TryReadStored(Body(id, ResponseWriter.WriteStored(Buffer, id, kept)), out var stored));
        Assert.Equal(kept, stored);
        var found = Body(id, ResponseWriter.WriteValue(Buffer, id, value));
        Assert.True(ResponseReader.TryReadFindValue(found, [], out var count, out var readValue));
        Assert.Equal((0, value), (count, readValue));

        var contacts = Enumerable.Range(0, random.Next(65)).Select(_ => new Contact(random.NextId(), Endpoint(random))).ToArray();
        var read = new Contact[64];
        var body = Body(id, ResponseWriter.WriteNodes(Buffer, id, contacts));
        Assert.True(ResponseReader.TryReadNodes(body, read, out count));
        Assert.Equal(contacts, read[..count]);
        Assert.True(ResponseReader.TryReadFindValue(body, read, out count, out readValue));
        Assert.Equal(contacts, read[..count]);
        Assert.Equal(DhtValueKind.None, readValue.Kind);
    });

    private static Request Decode(MessageId id, int length)
    {
        Assert.True(Datagram.TryReadHeader(Buffer.AsSpan(0, length), out var kind, out var readId, out var body));
        Assert.Equal(DatagramKind.Request, kind);
        Assert.Equal(id, readId);
        Assert.True(Request.TryDecode(body, out var request));
        return request;
    }

    private static ReadOnlySpan<byte> Body(MessageId id, int length)
    {
        Assert.True(Datagram.TryReadHeader(Buffer.AsSpan(0, length), out var kind, out var readId, out var body));
        Assert.Equal(DatagramKind.Response, kind);
        Assert.Equal(id, readId);
        return body;
    }

    /// <summary>Often lengths and numbers where the width of their header changes.</summary>
    private static DhtValue Value(SeededRandomSource random)
    {
        int[] lengths = [random.Next(41), 250 + random.Next(11), StoreRules.MaxContentLength - random.Next(4)];
        var length = lengths[random.Next(3)];
        var magnitude = ((Int128.One << random.Next(65)) + random.Next(5) - 2) * (random.Next(2) == 0 ? 1 : -1);
        return random.Next(4) switch
        {
            0 => DhtValue.FromString(new string('ä', length / 2)),
            1 => DhtValue.FromBytes(random.NextBytes(length)),
            2 => DhtValue.FromInteger(Int128.Clamp(magnitude, DhtValue.MinInteger, DhtValue.MaxInteger)),
            _ => random.NextValue(),
        };
    }

    private static UdpEndpoint Endpoint(SeededRandomSource random)
    {
        var endpoint = AddressTextTests.RandomEndpoint(random);
        return endpoint.IsUnicast ? endpoint : random.NextEndpoint();
    }
}
