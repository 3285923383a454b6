namespace KadOrleans.Http;

/// <summary>Reads a state file value by value. Only its contacts are kept in memory.</summary>
internal sealed class StateReader(Stream stream, string name)
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
                $"'{name}' is not a {StateFormat.Name} file of version {StateFormat.Version}: {(e is JsonException json ? Phrases.OfJson(json) : Phrases.Of(e.Message))}.", e);
        }
    }
}
