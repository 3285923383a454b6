using System.Text;
using KadOrleans.Core.Crawling;
using KadOrleans.Hosting.Crawling;

namespace KadOrleans.Cli.Crawling;

/// <summary>
/// Keeps a crawl in a file that grows: a line with the format, then one for each change. The last line of an endpoint counts. A killed
/// process leaves at worst half a line at the end, which the next one cuts off.
/// </summary>
internal sealed class CrawlStateFile : IDisposable
{
    private const string Header = """{"format":"kad-crawl","version":1}""";
    private const string HeaderStart = """{"format":"kad-crawl","version":""";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly FileStream _file;

    private CrawlStateFile(FileStream file)
    {
        _file = file;
    }

    /// <summary>Opens or creates a file, and passes its records on.</summary>
    /// <exception cref="CommandException">It is damaged, not a crawl's state, in use, or cannot be opened.</exception>
    public static CrawlStateFile Open(string path, Action<CrawlRecord> restore)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandException.WrongUsage($"--resume: '{path}' cannot be opened ({e.Message.TrimEnd('.')}).", e);
        }

        try
        {
            Read(file, path, restore);
            return new CrawlStateFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends changes. They are safe from the end of this process when this returns.</summary>
    public void Append(IReadOnlyList<CrawlRecord> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var lines = new StringBuilder();
        foreach (var change in changes)
        {
            lines.Append(CrawlRecordJson.Create(change).ToJsonString()).Append('\n');
        }

        _file.Write(Utf8.GetBytes(lines.ToString()));
        _file.Flush();
    }

    public void Dispose() => _file.Dispose();

    private static void Read(FileStream file, string path, Action<CrawlRecord> restore)
    {
        var whole = EndOfLastLine(file, path);
        if (whole == 0)
        {
            file.SetLength(0);
            file.Write(Utf8.GetBytes(Header + "\n"));
            return;
        }

        file.SetLength(whole);
        file.Position = 0;
        using var reader = new StreamReader(file, Utf8, leaveOpen: true);
        reader.ReadLine();
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            restore(CrawlRecordJson.TryParse(line)
                ?? throw CommandException.WrongUsage($"--resume: '{path}' is damaged: line {number} is not a record of a crawl."));
        }

        file.Position = whole;
    }

    /// <summary>Checks the first line before anything is changed; 0 if not even that was written.</summary>
    private static long EndOfLastLine(FileStream file, string path)
    {
        var start = new byte[Header.Length + 1];
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        var text = Utf8.GetString(start, 0, length);
        if (text != Header + "\n")
        {
            if (length == file.Length && (Header + "\n").StartsWith(text, StringComparison.Ordinal))
            {
                return 0;
            }

            throw CommandException.WrongUsage(text.StartsWith(HeaderStart, StringComparison.Ordinal)
                ? $"--resume: '{path}' is of another version; version 1 is needed."
                : $"--resume: '{path}' is not the state of a crawl.");
        }

        var end = file.Length;
        while (end > length)
        {
            file.Position = end - 1;
            if (file.ReadByte() == '\n')
            {
                break;
            }

            end--;
        }

        return end;
    }
}
