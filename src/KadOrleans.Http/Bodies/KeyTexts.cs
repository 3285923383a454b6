using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Http;

/// <summary>
/// The texts of keys that requests of this process named last, by their ids: an id does not tell the text that it is made of. In memory
/// alone, the oldest goes first. Safe for several threads.
/// </summary>
internal sealed class KeyTexts
{
    /// <summary>The most texts, of at most 1,024 characters each: 8 MB.</summary>
    public const int Most = 4_096;

    // Guards both.
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, string> _texts = [];
    private readonly Queue<NodeId> _order = [];

    /// <summary>Remembers the key of a request, if it has a text.</summary>
    public static void Record(HttpContext context, RequestedKey key)
    {
        if (key.Text is { } text)
        {
            context.RequestServices.GetService<KeyTexts>()?.Add(key.Digest, text);
        }
    }

    public void Add(NodeId key, string text)
    {
        lock (_gate)
        {
            if (!_texts.TryAdd(key, text))
            {
                return;
            }

            _order.Enqueue(key);
            if (_order.Count > Most)
            {
                _texts.Remove(_order.Dequeue());
            }
        }
    }

    public bool TryFind(NodeId key, [NotNullWhen(true)] out string? text)
    {
        lock (_gate)
        {
            return _texts.TryGetValue(key, out text);
        }
    }

    /// <summary>The ids of texts that contain a part, whatever its case, in the order of the texts. The id of the part itself is one.</summary>
    public IReadOnlyList<NodeId> Search(string part)
    {
        var exact = NodeId.FromKey(part);
        lock (_gate)
        {
            return
            [
                exact,
                .. _texts.Where(one => one.Key != exact && one.Value.Contains(part, StringComparison.OrdinalIgnoreCase))
                    .OrderBy(one => one.Value, StringComparer.Ordinal).Select(one => one.Key),
            ];
        }
    }
}
