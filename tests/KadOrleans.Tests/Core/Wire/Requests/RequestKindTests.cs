namespace KadOrleans.Tests.Core;

/// <summary>Each kind of request has a name and arguments of its own. A number that is no kind is never taken for one.</summary>
public sealed class RequestKindTests
{
    private const RequestKind Unknown = (RequestKind)99;

    public static TheoryData<string> Kinds => [.. Enum.GetNames<RequestKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_is_found_by_its_name(string name)
    {
        var kind = Enum.Parse<RequestKind>(name);
        Assert.True(RequestFunction.TryFind(RequestFunction.NameOf(kind), out var found));
        Assert.Equal(kind, found);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_request_of_each_kind_is_read_as_that_kind(string name)
    {
        var kind = Enum.Parse<RequestKind>(name);
        var datagram = RequestBytes.Of(kind, default, new StoreRequest(NodeId.FromKey("sender"), NodeId.FromKey("key"), "value"));

        Assert.True(Datagram.TryReadHeader(datagram, out _, out _, out var body));
        Assert.True(Request.TryDecode(body, out var request));
        Assert.Equal(kind, request.Kind);
    }

    [Fact]
    public void A_name_of_no_kind_is_not_found() => Assert.All(
        ["", "Ping", "find", "find_valu", "find_value2", "delete"],
        name => Assert.False(RequestFunction.TryFind(Encoding.UTF8.GetBytes(name), out _)));

    [Fact]
    public void An_unknown_kind_has_no_name_and_no_arguments_and_is_not_written()
    {
        Assert.ThrowsAny<Exception>(() => RequestFunction.NameOf(Unknown).Length);
        Assert.ThrowsAny<Exception>(() => RequestFunction.ArgumentCountOf(Unknown));
        Assert.ThrowsAny<Exception>(() => RequestWriter.Write(new byte[Datagram.MaxLength], default, Unknown));
    }

    [Fact]
    public void A_STORE_is_not_written_without_its_value() =>
        Assert.Throws<ArgumentException>(() => RequestWriter.Write(new byte[Datagram.MaxLength], default, RequestKind.Store));
}
