using System.Text;

namespace KadOrleans.Cli.Crawling;

/// <summary>Files that a crawl ends with: there as a whole, or not at all.</summary>
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

    public static void Write(string path, Action<TextWriter> write)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var writer = new StreamWriter(temporary, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
            {
                write(writer);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
