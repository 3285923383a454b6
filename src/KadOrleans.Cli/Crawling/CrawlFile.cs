namespace KadOrleans.Cli.Crawling;

/// <summary>Checks of the files that a crawl ends with.</summary>
internal static class CrawlFile
{
    /// <summary>Finds out before a crawl whether a file can be written after it.</summary>
    /// <exception cref="CommandException">It cannot; the sentence names the option.</exception>
    public static void Check(string option, string path)
    {
        if (Directory.Exists(path) || string.IsNullOrWhiteSpace(path))
        {
            throw CommandException.WrongUsage($"{option} is '{path}'; the path of a file is needed.");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(folder))
        {
            throw CommandException.WrongUsage($"{option} is '{path}'; the folder '{folder}' does not exist.");
        }
    }

    /// <summary>Checks that a file can be created, before an hour of crawling ends in a folder that takes no file.</summary>
    /// <inheritdoc cref="Check"/>
    public static void CheckNew(string option, string path)
    {
        Check(option, path);
        if (File.Exists(path))
        {
            // A pipe must not be opened twice.
            return;
        }

        try
        {
            using var probe = new FileStream(
                $"{path}.{Guid.NewGuid():N}.tmp", FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{option} is '{path}', which cannot be written: {e.Message}", e);
        }
    }
}
