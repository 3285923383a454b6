using System.Text;
using System.Text.Json;

namespace KadOrleans.StateFiles;

/// <summary>Reads JSON token by token, so that a file's size does not matter.</summary>
/// <param name="stream">UTF-8, with a byte-order mark or without.</param>
internal sealed class JsonTokens(Stream stream)
{
    // The longest token in bytes. The largest value has 50 KB with every byte escaped.
    private const int MaxToken = 1024 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _isLast;
    private bool _begun;
    private JsonReaderState _state;

    /// <summary>The type of the last token.</summary>
    public JsonTokenType Type { get; private set; }

    /// <summary>A name, a string's content, or a number as it is written.</summary>
    public string? Text { get; private set; }

    /// <summary>Reads the next token. Returns false at the end.</summary>
    /// <exception cref="JsonException">The stream is not JSON.</exception>
    public bool Read()
    {
        if (!_begun)
        {
            Begin();
        }

        while (!TryRead())
        {
            if (_isLast)
            {
                return false;
            }

            Fill();
        }

        return true;
    }

    private bool TryRead()
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isLast, _state);
        var read = reader.Read();
        if (read)
        {
            Type = reader.TokenType;
            Text = Type switch
            {
                JsonTokenType.PropertyName or JsonTokenType.String => reader.GetString(),
                JsonTokenType.Number => Encoding.ASCII.GetString(reader.ValueSpan),
                _ => null,
            };
        }

        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return read;
    }

    private void Begin()
    {
        _begun = true;
        Fill();
        if (_buffer.AsSpan(0, _end).StartsWith(Encoding.UTF8.Preamble))
        {
            _start = Encoding.UTF8.Preamble.Length;
        }
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxToken)
            {
                throw new JsonException("a text in it is too long");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = stream.ReadAtLeast(_buffer.AsSpan(_end), 1, throwOnEndOfStream: false);
        _isLast = read == 0;
        _end += read;
    }
}
