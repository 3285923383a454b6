using System.Globalization;
using System.Text.Json;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.StateFiles;

/// <summary>Reads a state file value by value: memory does not grow with their number, only with that of the contacts.</summary>
/// <param name="stream">The file.</param>
/// <param name="name">The file's name in errors.</param>
internal sealed class StateReader(Stream stream, string name)
{
    // The most contacts, which are kept in memory. A node saves a tenth of this.
    private const int MaxContacts = 10_000;

    private readonly JsonTokens _tokens = new(stream);
    private readonly StateEntry _entry = new();
    private readonly Dictionary<NodeId, Contact> _contacts = [];
    private int _version;

    /// <summary>The node's id, once everything was read; null if the file has none.</summary>
    public NodeId? Id { get; private set; }

    /// <summary>The contacts, once everything was read.</summary>
    public IReadOnlyCollection<Contact> Contacts => _contacts.Values;

    /// <summary>The values, as they are read.</summary>
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
        if (!_tokens.Read() || _tokens.Type != JsonTokenType.StartObject)
        {
            throw new JsonException("it is not a JSON object");
        }

        ReadHeader();
        while (_tokens.Read() && _tokens.Type == JsonTokenType.PropertyName)
        {
            switch (_tokens.Text)
            {
                case "id":
                    ReadId();
                    break;
                case "contacts":
                    foreach (var contact in ReadArray(_entry.ToContact))
                    {
                        Add(contact);
                    }

                    break;
                case "values":
                    foreach (var value in ReadArray(_entry.ToValue))
                    {
                        yield return value;
                    }

                    break;
                default:
                    throw new JsonException($"'{VisibleText.Excerpt(_tokens.Text)}' is not a part of it");
            }
        }

        if (_tokens.Type != JsonTokenType.EndObject || _tokens.Read())
        {
            throw new JsonException("it does not end where it should");
        }
    }

    // Format and version come first, as they decide how the rest is read.
    private void ReadHeader()
    {
        Expect("format", JsonTokenType.String);
        if (_tokens.Text != StateFormat.Name)
        {
            throw new JsonException($"its format is '{VisibleText.Excerpt(_tokens.Text)}'");
        }

        Expect("version", JsonTokenType.Number);
        if (!int.TryParse(_tokens.Text, NumberStyles.None, CultureInfo.InvariantCulture, out _version) || _version != StateFormat.Version)
        {
            throw new JsonException($"its version is {VisibleText.Excerpt(_tokens.Text)}");
        }
    }

    private void Expect(string property, JsonTokenType type)
    {
        if (!_tokens.Read() || _tokens.Type != JsonTokenType.PropertyName || _tokens.Text != property
            || !_tokens.Read() || _tokens.Type != type)
        {
            throw new JsonException("it does not begin with \"format\" and \"version\"");
        }
    }

    private void ReadId()
    {
        if (!_tokens.Read() || _tokens.Type == JsonTokenType.Null)
        {
            return;
        }

        Id = _tokens.Type == JsonTokenType.String && NodeId.TryParse(_tokens.Text, out var id)
            ? id
            : throw new JsonException($"'{VisibleText.Excerpt(_tokens.Text)}' is not an id: {NodeId.Length * 2} hexadecimal digits are needed");
    }

    private IEnumerable<T> ReadArray<T>(Func<T> convert)
    {
        var isList = _tokens.Read() && _tokens.Type == JsonTokenType.StartArray;
        while (isList && _tokens.Read() && _tokens.Type == JsonTokenType.StartObject)
        {
            _entry.Read(_tokens);
            yield return convert();
        }

        if (_tokens.Type != JsonTokenType.EndArray)
        {
            throw new JsonException("contacts or values are something other than a list of objects");
        }
    }

    private void Add(Contact contact)
    {
        _contacts.TryAdd(contact.Id, contact);
        if (_contacts.Count > MaxContacts)
        {
            throw new JsonException($"it has more than {MaxContacts} contacts");
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
