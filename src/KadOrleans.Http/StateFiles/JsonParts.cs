using System.Text;

namespace KadOrleans.Http;

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
