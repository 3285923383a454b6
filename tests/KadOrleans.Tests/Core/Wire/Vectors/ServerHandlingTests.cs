namespace KadOrleans.Tests.Core;

public sealed class ServerHandlingTests
{
    /// <summary>Requests the reference answers and we meet with silence, or the other way round, and why.</summary>
    private static readonly Dictionary<string, string> Differences = new()
    {
        ["function-as-bin"] = "nodes under Python 2 name functions so",
        ["ping-id-1-byte"] = "ids are 20 bytes",
        ["ping-id-19-bytes"] = "ids are 20 bytes",
        ["ping-id-21-bytes-zero-led"] = "ids are 20 bytes",
        ["store-key-short"] = "keys are 20 bytes",
        ["find_node-key-1-byte"] = "keys are 20 bytes",
        ["store-over-8k"] = "no sender may send as much",
        ["store-60000"] = "no sender may send as much",
    };

    /// <summary>STOREs the reference answers with true; here they decode without a value, to be answered with false.</summary>
    private static readonly HashSet<string> WithoutValue =
        ["store-value-nil", "store-value-array", "store-value-map", "store-value-ext5"];

    private static readonly Dictionary<string, DecodeError> Refusals = new()
    {
        ["empty-datagram"] = DecodeError.TooShort,
        ["one-byte"] = DecodeError.TooShort,
        ["header-only-request"] = DecodeError.TooShort,
        ["header-only-response"] = DecodeError.TooShort,
        ["body-empty-array"] = DecodeError.MalformedRequest,
        ["body-nil"] = DecodeError.MalformedRequest,
        ["body-array-1"] = DecodeError.MalformedRequest,
        ["body-array-3"] = DecodeError.MalformedRequest,
        ["body-map"] = DecodeError.MalformedRequest,
        ["body-str-2"] = DecodeError.MalformedRequest,
        ["type-02"] = DecodeError.UnknownKind,
        ["type-ff"] = DecodeError.UnknownKind,
        ["type-02-bad-body"] = DecodeError.UnknownKind,
        ["truncated-body"] = DecodeError.Truncated,
        ["reserved-c1"] = DecodeError.ReservedCode,
        ["invalid-utf8-name"] = DecodeError.InvalidUtf8,
        ["array32-huge-count"] = DecodeError.TooManyItems,
        ["bin32-huge-length"] = DecodeError.Truncated,
        ["map-duplicate-key"] = DecodeError.WrongArguments,
        ["nested-3000-arrays"] = DecodeError.MalformedRequest,
        ["unknown-function"] = DecodeError.UnknownFunction,
        ["function-wrong-case"] = DecodeError.UnknownFunction,
        ["function-camel"] = DecodeError.UnknownFunction,
        ["function-empty"] = DecodeError.UnknownFunction,
        ["function-int"] = DecodeError.MalformedRequest,
        ["function-nil"] = DecodeError.MalformedRequest,
        ["args-nil"] = DecodeError.WrongArguments,
        ["args-int"] = DecodeError.WrongArguments,
        ["args-str"] = DecodeError.WrongArguments,
        ["stun-extra-arg"] = DecodeError.WrongArguments,
        ["ping-no-args"] = DecodeError.WrongArguments,
        ["ping-two-args"] = DecodeError.WrongArguments,
        ["ping-id-str"] = DecodeError.WrongArguments,
        ["ping-id-nil"] = DecodeError.WrongArguments,
        ["ping-id-int"] = DecodeError.WrongArguments,
        ["ping-id-empty"] = DecodeError.WrongArguments,
        ["ping-id-1-byte"] = DecodeError.WrongArguments,
        ["ping-id-19-bytes"] = DecodeError.WrongArguments,
        ["ping-id-21-bytes-zero-led"] = DecodeError.WrongArguments,
        ["ping-id-21-bytes"] = DecodeError.WrongArguments,
        ["store-key-str"] = DecodeError.WrongArguments,
        ["store-key-int"] = DecodeError.WrongArguments,
        ["store-key-short"] = DecodeError.WrongArguments,
        ["store-missing-value"] = DecodeError.WrongArguments,
        ["store-over-8k"] = DecodeError.TooLong,
        ["store-60000"] = DecodeError.TooLong,
        ["find_node-key-1-byte"] = DecodeError.WrongArguments,
        ["find_node-key-empty"] = DecodeError.WrongArguments,
        ["find_node-key-21-bytes"] = DecodeError.WrongArguments,
        ["find_node-key-str"] = DecodeError.WrongArguments,
        ["find_value-key-str"] = DecodeError.WrongArguments,
        ["find_value-key-array"] = DecodeError.WrongArguments,
    };

    private static readonly Dictionary<string, RecordedDatagram> ByName =
        WireVectors.ServerHandling.ToDictionary(datagram => datagram.Name);

    public static TheoryData<string> Names => [.. ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_datagram_is_refused_for_the_reason_listed_or_accepted(string name)
    {
        Assert.Equal(Refusals.GetValueOrDefault(name), Decode(ByName[name].Bytes, out _));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_the_reference_answers_is_accepted_except_where_listed(string name)
    {
        var error = Decode(ByName[name].Bytes, out var kind);
        var accepted = error == DecodeError.None && kind == DatagramKind.Request;
        Assert.Equal(ByName[name].Reply is not null, accepted != Differences.ContainsKey(name));
    }

    [Theory]
    [InlineData("response-unknown-id")]
    [InlineData("response-bad-body")]
    public void A_response_is_told_by_its_first_byte_and_its_body_left_to_the_caller(string name)
    {
        Assert.Equal(DecodeError.None, Decode(ByName[name].Bytes, out var kind));
        Assert.Equal(DatagramKind.Response, kind);
        Assert.True(Datagram.TryReadHeader(ByName[name].Bytes, out _, out _, out var body, out _));
        Assert.Equal(name == "response-unknown-id", ResponseReader.TryReadStored(body, out var stored));
        Assert.Equal(name == "response-unknown-id", stored);
    }

    [Fact]
    public void Every_accepted_request_decodes_to_its_payload()
    {
        var accepted = ByName.Values.Where(datagram =>
            Decode(datagram.Bytes, out var kind) == DecodeError.None
            && kind == DatagramKind.Request
            && datagram.Payload!.Value.Items[1].IsArray);
        Assert.All(accepted, datagram =>
        {
            var call = datagram.Payload!.Value.Items;
            var function = datagram.Name == "function-as-bin" ? "ping" : call[0].Text;
            Assert.True(Request.TryDecode(datagram.Bytes.AsSpan(Datagram.HeaderLength), out var request, out _));
            Expected.AssertMatches(function, call[1].Items, request);
        });
    }

    [Theory]
    [InlineData("args-empty-map", nameof(RequestKind.Stun))]
    [InlineData("args-empty-str", nameof(RequestKind.Stun))]
    [InlineData("args-empty-bin", nameof(RequestKind.Stun))]
    [InlineData("args-map-of-id", nameof(RequestKind.Ping))]
    public void Arguments_that_are_no_array_are_iterated(string name, string kind)
    {
        Assert.True(Request.TryDecode(ByName[name].Bytes.AsSpan(Datagram.HeaderLength), out var request, out _));
        Assert.Equal(kind, request.Kind.ToString());
    }

    [Fact]
    public void A_store_of_an_unsupported_type_decodes_without_a_value()
    {
        Assert.All(WithoutValue, name =>
        {
            Assert.True(Request.TryDecode(ByName[name].Bytes.AsSpan(Datagram.HeaderLength), out var request, out _));
            Assert.Equal(DhtValueKind.None, request.AsStore().Value.Kind);
        });
    }

    [Fact]
    public void Every_name_in_the_tables_is_a_recorded_case()
    {
        Assert.All(Refusals.Keys.Concat(Differences.Keys).Concat(WithoutValue), name => Assert.True(ByName.ContainsKey(name)));
    }

    private static DecodeError Decode(byte[] datagram, out DatagramKind kind)
    {
        if (Datagram.TryReadHeader(datagram, out kind, out _, out var body, out var error) && kind == DatagramKind.Request)
        {
            Request.TryDecode(body, out _, out error);
        }

        return error;
    }
}
