namespace KadOrleans.Lab;

/// <summary>What one process of a machine does at a time.</summary>
public static class FileTurn
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until no other process has a file of the temporary folder open, and opens it: the turn ends when it is disposed.</summary>
    public static Task<FileStream> TakeAsync(string name) => Eventually.ReadAsync(
        () =>
        {
            try
            {
                var path = Path.Combine(Path.GetTempPath(), name);
                return Task.FromResult<FileStream?>(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException)
            {
                return Task.FromResult<FileStream?>(null);
            }
        },
        stream => stream is not null,
        Longest,
        Interval)!;
}
