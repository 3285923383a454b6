namespace KadOrleans.Storage.Sqlite;

internal sealed class Damage
{
    public LostRecords Records { get; } = new();

    /// <summary>Keys of publications that are unreadable, as they are in the file.</summary>
    public List<byte[]> Publications { get; } = [];

    public int Contacts { get; set; }

    public bool Id { get; set; }

    public bool IsAny => Records.Segments.Count > 0 || Publications.Count > 0 || Contacts > 0 || Id;
}
