namespace KadOrleans.StateFiles;

/// <summary>Tells plain files, which are replaced as a whole, from devices, pipes and the like, which are written to.</summary>
public static class SpecialFile
{
    /// <summary>The file that a path leads to at last: a link is not to be replaced, but what it names.</summary>
    /// <param name="file">A path; nothing need be there.</param>
    /// <exception cref="IOException">The links cannot be followed.</exception>
    public static string FollowLinks(string file)
    {
        // A shell's /dev/fd/63 is a link to what has no name.
        var target = File.Exists(file) ? File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName : null;
        return File.Exists(target) ? target : file;
    }

    /// <summary>A device, pipe or the like for writing; null for a plain file or none: only that has a length that can be set.</summary>
    /// <param name="file">A path without links.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static FileStream? Open(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
        try
        {
            RandomAccess.SetLength(handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            return new FileStream(handle, FileAccess.Write);
        }

        handle.Dispose();
        return null;
    }
}
