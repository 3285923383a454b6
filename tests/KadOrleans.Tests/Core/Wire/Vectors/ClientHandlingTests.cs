namespace KadOrleans.Tests.Core;

public sealed class ClientHandlingTests
{
    private const string Malformed = "malformed";
    private const string NoContacts = "0 contacts";
    private const string OneContact = "1 contact";
    private const string NoAnswer = "no answer";
    private const string Stored = "stored";
    private const string NotStored = "not stored";
    private const string Id = "1ab9f16eafea8cce18a8abf188e9376c94c4c0cd";

    /// <summary>What the body of each recorded answer is read as.</summary>
    private static readonly Dictionary<string, string> Outcomes = new()
    {
        ["ping:reply-good"] = Id,
        ["ping:reply-id-as-str"] = Malformed,
        ["ping:reply-id-short"] = Malformed,
        ["ping:reply-nil"] = Malformed,
        ["ping:reply-trailing-bytes"] = Id,
        ["ping:reply-wrong-message-id"] = "answers another request",
        ["ping:reply-bad-msgpack"] = Malformed,
        ["ping:reply-empty-body"] = nameof(DecodeError.TooShort),
        ["ping:reply-type-00"] = nameof(DatagramKind.Request),
        ["ping:reply-twice"] = Id,
        ["ping:reply-from-other-port"] = Id,
        ["find_value:value-str"] = "v",
        ["find_value:value-nil"] = NoContacts,
        ["find_value:value-extra-keys"] = "v",
        ["find_value:map-without-value"] = Malformed,
        ["find_value:map-empty"] = Malformed,
        ["find_value:map-bin-key"] = "v",
        ["find_value:value-array"] = Malformed,
        ["find_value:nodes-empty"] = NoContacts,
        ["find_value:nodes-nil"] = NoContacts,
        ["find_value:nodes-false"] = NoContacts,
        ["find_value:nodes-zero"] = NoContacts,
        ["find_value:nodes-int"] = Malformed,
        ["find_value:nodes-text"] = Malformed,
        ["find_value:node-id-str"] = NoContacts,
        ["find_value:node-one-item"] = NoContacts,
        ["find_value:node-four-items"] = NoContacts,
        ["find_value:node-empty-array"] = NoContacts,
        ["find_value:node-port-0"] = NoContacts,
        ["find_value:node-port-70000"] = NoContacts,
        ["find_value:node-port-str"] = NoContacts,
        ["find_value:node-port-negative"] = NoContacts,
        ["find_value:node-ip-bad-text"] = NoContacts,
        ["find_value:node-ip-v6-on-v4-socket"] = OneContact,
        ["find_value:node-ip-hostname"] = NoContacts,
        ["find_value:node-ip-bin"] = OneContact,
        ["find_value:node-is-caller"] = OneContact,
        ["store:reply-true"] = Stored,
        ["store:reply-false"] = NotStored,
        ["store:reply-nil"] = NotStored,
        ["store:no-reply"] = NoAnswer,
    };

    /// <summary>Answers at which the reference raises in its caller although we read something from them, and why.</summary>
    private static readonly Dictionary<string, string> ReadNonetheless = new()
    {
        ["find_value:map-bin-key"] = "nodes under Python 2 write the key so",
        ["find_value:node-id-str"] = "one bad entry does not spoil the others",
        ["find_value:node-four-items"] = "one bad entry does not spoil the others",
        ["find_value:node-empty-array"] = "one bad entry does not spoil the others",
    };

    /// <summary>The only answer the reference makes use of and we do not: its id is not 20 bytes long.</summary>
    private const string RefusedNonetheless = "ping:reply-id-short";

    private static readonly Dictionary<string, RecordedCall> ByName = WireVectors.ClientHandling.ToDictionary(call => call.Name);

    public static TheoryData<string> Names => [.. ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_answer_is_read_as_listed(string name)
    {
        var call = ByName[name];
        Assert.Equal(Outcomes[name], call.Replies.Count == 0 ? NoAnswer : Read(call, call.Replies[0]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_makes_the_reference_raise_is_malformed_except_where_listed(string name)
    {
        var malformed = Outcomes[name] == Malformed;
        var expected = ByName[name].Raised is not null && !ReadNonetheless.ContainsKey(name);
        Assert.Equal(expected || name is RefusedNonetheless or "ping:reply-bad-msgpack", malformed);
    }

    private static string Read(RecordedCall call, byte[] reply)
    {
        Assert.True(Datagram.TryReadHeader(call.Request, out _, out var requestId, out _, out _));
        if (!Datagram.TryReadHeader(reply, out var kind, out var id, out var body, out var error))
        {
            return error.ToString();
        }

        if (kind == DatagramKind.Request)
        {
            return nameof(DatagramKind.Request);
        }

        return id != requestId ? "answers another request" : ReadBody(call.Function, body);
    }

    private static string ReadBody(string function, ReadOnlySpan<byte> body)
    {
        var contacts = new Contact[20];
        switch (function)
        {
            case "ping":
                return ResponseReader.TryReadPong(body, out var self) ? self.ToString() : Malformed;
            case "store":
                return !ResponseReader.TryReadStored(body, out var stored) ? Malformed : stored ? Stored : NotStored;
            default:
                if (!ResponseReader.TryReadFindValue(body, contacts, out var count, out var value))
                {
                    return Malformed;
                }

                return value.Kind != DhtValueKind.None ? value.ToString() : count == 1 ? OneContact : $"{count} contacts";
        }
    }
}
