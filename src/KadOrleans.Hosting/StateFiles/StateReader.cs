using System.Text;

namespace KadOrleans.Hosting;

/// <summary>Reads a state file value by value. Only its contacts are kept in memory.</summary>
public sealed class StateReader(Stream stream, string name)
{
    // A node saves a tenth of this.
    private const int MaxContacts = 10_000;

    private readonly JsonParts _parts = new(stream);
    private readonly Dictionary<NodeId, Contact> _contacts = [];

    /// <summary>Null if the file has none, or it was not read yet.</summary>
    public NodeId? Id { get; private set; }

    public IReadOnlyCollection<Contact> Contacts => _contacts.Values;

    /// <exception cref="StateFileException">The file is not of this format and version, or broken.</exception>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValues()
    {
        using var values = ReadAll().GetEnumerator();
        while (Guard(values.MoveNext))
        {
            yield return values.Current;
        }
    }

    private IEnumerable<KeyValuePair<NodeId, StoredValue>> ReadAll()
    {
        _parts.Begin();

        // Format and version come first, as they decide how the rest is read.
        ReadHeader("format", "its format is", StateFormat.Name);
        ReadHeader("version", "its version is", StateFormat.Version.ToString(CultureInfo.InvariantCulture));
        while (_parts.TryReadName() is { } part)
        {
            switch (part)
            {
                case "id":
                    Id = _parts.ReadElement() is { ValueKind: not JsonValueKind.Null } id ? new StateEntry(id).ToId("id") : null;
                    break;
                case "contacts":
                    foreach (var contact in _parts.ReadObjects())
                    {
                        var known = StateEntry.Of(contact).ToContact();
                        if (_contacts.TryAdd(known.Id, known) && _contacts.Count > MaxContacts)
                        {
                            throw new JsonException($"it has more than {MaxContacts} contacts");
                        }
                    }

                    break;
                case "values":
                    foreach (var value in _parts.ReadObjects())
                    {
                        yield return StateEntry.Of(value).ToValue();
                    }

                    break;
                default:
                    throw new JsonException($"'{VisibleText.Excerpt(part)}' is not a part of it");
            }
        }
    }

    private void ReadHeader(string part, string problem, string expected)
    {
        if (_parts.TryReadName() != part || StateEntry.TextOf(_parts.ReadElement()) is not { } text)
        {
            throw new JsonException("it does not begin with \"format\" and \"version\"");
        }

        if (text != expected)
        {
            throw new JsonException($"{problem} '{VisibleText.Excerpt(text)}'");
        }
    }

    // For text that is not UTF-8 the reader throws InvalidOperationException.
    private bool Guard(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new StateFileException(
                $"'{name}' is not a {StateFormat.Name} file of version {StateFormat.Version}: {e.Message.TrimEnd('.')}.", e);
        }
    }
}

/// <summary>An id, a contact or a value. Unknown fields are ignored. Errors are <see cref="JsonException"/>s.</summary>
internal readonly struct StateEntry(JsonElement json)
{
    /// <summary>Allows plain values only.</summary>
    public static StateEntry Of(JsonElement json)
    {
        foreach (var field in json.EnumerateObject().Where(field => field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array))
        {
            throw new JsonException($"'{VisibleText.Excerpt(field.Name)}' is not a plain value");
        }

        return new StateEntry(json);
    }

    /// <summary>A text, or a number as it is written; null for something else.</summary>
    public static string? TextOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.GetRawText(),
        _ => null,
    };

    public NodeId ToId(string name) => ToId(name, TextOf(json));

    public Contact ToContact()
    {
        if (!IPAddress.TryParse(Text("ip"), out var ip)
            || !ushort.TryParse(Text("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || UdpEndpoint.FromIPAddress(ip, port) is not { IsUnicast: true } endpoint)
        {
            throw new JsonException($"'{VisibleText.Excerpt(Text("ip"))}' and '{VisibleText.Excerpt(Text("port"))}' are not the address and port of a contact");
        }

        return new Contact(ToId("id", Text("id")), endpoint);
    }

    public KeyValuePair<NodeId, StoredValue> ToValue()
    {
        var key = ToId("key", Text("key"));
        if (!DhtValueText.TryRead(Text("type"), Field("value"), out var value))
        {
            throw new JsonException($"the value of key {key} is not of its type, '{VisibleText.Excerpt(Text("type"))}'");
        }

        DateTimeOffset? publishedAt = Field("publishedAt").ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : Time("publishedAt");
        return new(key, new StoredValue(value, Time("storedAt"), Time("expiresAt"), Source()) 
        {
            PublishedAt = publishedAt,
            IsAuthored = Flag("authored"),
        });
    }

    private static NodeId ToId(string name, string? text) => NodeId.TryParse(text, out var id)
        ? id
        : throw new JsonException($"'{VisibleText.Excerpt(text)}' is not a valid {name}: {NodeId.Length * 2} hexadecimal digits are needed");

    private JsonElement Field(string name) => json.TryGetProperty(name, out var field) ? field : default;

    private string? Text(string name) => TextOf(Field(name));

    private DateTimeOffset Time(string name) => StateFormat.TryParse(Text(name), out var time)
        ? time
        : throw new JsonException($"'{VisibleText.Excerpt(Text(name))}' is not a valid time for {name}: one such as 2026-01-31T12:00:00.000Z is needed");

    // Optional: files have them only where they are true.
    private bool Flag(string name) => Field(name).ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw new JsonException($"'{name}' is neither true nor false"),
    };

    // Optional: a file made by hand need not name the source whose quota a value counts against.
    private SourceNetwork Source() => Field("source").ValueKind == JsonValueKind.Undefined
        ? SourceNetwork.Trusted
        : UInt128.TryParse(Text("source"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var source)
        ? new SourceNetwork((ulong)(source >> 64), (ulong)source).Address.WithProof(Flag("proven"))
        : throw new JsonException($"'{VisibleText.Excerpt(Text("source"))}' is not a source: at most 32 hexadecimal digits are needed");
}

/// <summary>Reads the parts of a JSON object, and its lists element by element, so a file's size does not matter.</summary>
internal sealed class JsonParts(Stream stream)
{
    // The largest value has 50 KB with every byte escaped.
    private const int MaxElement = 1024 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _isLast;
    private JsonReaderState _state;
    private JsonTokenType _type;
    private string? _name;
    private JsonElement _element;

    public void Begin()
    {
        Fill();
        if (_buffer.AsSpan(0, _end).StartsWith(Encoding.UTF8.Preamble))
        {
            _start = Encoding.UTF8.Preamble.Length;
        }

        if (!Read(isElement: false) || _type != JsonTokenType.StartObject)
        {
            throw new JsonException("it is not a JSON object");
        }
    }

    /// <summary>Null at the end of the object, which ends the stream.</summary>
    public string? TryReadName()
    {
        if (Read(isElement: false) && _type == JsonTokenType.PropertyName)
        {
            return _name;
        }

        return _type != JsonTokenType.EndObject || Read(isElement: false) ? throw new JsonException("it does not end where it should") : null;
    }

    public JsonElement ReadElement() => Read(isElement: true) ? _element : throw new JsonException("it does not end where it should");

    public IEnumerable<JsonElement> ReadObjects()
    {
        var isList = Read(isElement: false) && _type == JsonTokenType.StartArray;
        while (isList && Read(isElement: true) && _type == JsonTokenType.StartObject)
        {
            yield return _element;
        }

        if (_type != JsonTokenType.EndArray)
        {
            throw new JsonException("contacts or values are something other than a list of objects");
        }
    }

    // Reads a token, or a whole element if one begins. False at the end of the stream.
    private bool Read(bool isElement)
    {
        while (!TryRead(isElement))
        {
            if (_isLast)
            {
                _type = JsonTokenType.None;
                return false;
            }

            Fill();
        }

        return true;
    }

    private bool TryRead(bool isElement)
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isLast, _state);
        if (!reader.Read())
        {
            return false;
        }

        _type = reader.TokenType;
        if (_type == JsonTokenType.PropertyName)
        {
            _name = reader.GetString();
        }
        else if (isElement && _type != JsonTokenType.EndArray)
        {
            if (!JsonElement.TryParseValue(ref reader, out var element))
            {
                return false;
            }

            _element = element.Value;
        }

        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return true;
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxElement)
            {
                throw new JsonException($"a part of it is longer than {MaxElement} bytes");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = stream.ReadAtLeast(_buffer.AsSpan(_end), 1, throwOnEndOfStream: false);
        _isLast = read == 0;
        _end += read;
    }
}
