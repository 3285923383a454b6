namespace KadOrleans.Http;

/// <summary>Bytes as people and programs write them: two hexadecimal digits each.</summary>
internal static class HexText
{
    /// <summary>What is wrong with a text, in one sentence; null if it is hexadecimal.</summary>
    /// <param name="name">What names it.</param>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The bytes that it says.</param>
    public static string? FindProblem(string name, string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 2];
        var isHex = text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        return isHex ? null : $"{name} is '{VisibleText.Excerpt(text)}'; hexadecimal digits, two for each byte, are needed.";
    }
}
