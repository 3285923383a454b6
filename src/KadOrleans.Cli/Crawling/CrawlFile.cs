using System.Text;
using KadOrleans.StateFiles;

namespace KadOrleans.Cli.Crawling;

/// <summary>Files that a crawl ends with: there as a whole, or not at all.</summary>
internal static class CrawlFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

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
                Beside(path), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{option} is '{path}', which cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Replaces a file as a whole, behind a link too; writes to what is no plain file, such as a device or a pipe.</summary>
    public static void Write(string path, Action<TextWriter> write)
    {
        var target = SpecialFile.FollowLinks(path);
        using var special = SpecialFile.Open(target);
        if (special is not null)
        {
            using var writer = new StreamWriter(special, Utf8);
            write(writer);
            return;
        }

        var temporary = Beside(target);
        try
        {
            using (var writer = new StreamWriter(temporary, append: false, Utf8))
            {
                write(writer);
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string Beside(string path) => $"{path}.{Guid.NewGuid():N}.tmp";
}
