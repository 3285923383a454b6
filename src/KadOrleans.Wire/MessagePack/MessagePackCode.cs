namespace KadOrleans.Wire.MessagePack;

/// <summary>First bytes of objects, as the MessagePack specification names them.</summary>
internal static class MessagePackCode
{
    public const byte MaxPositiveFixInt = 0x7F;
    public const byte FixMap = 0x80;
    public const byte FixArray = 0x90;
    public const byte FixString = 0xA0;
    public const byte Nil = 0xC0;
    public const byte Reserved = 0xC1;
    public const byte False = 0xC2;
    public const byte True = 0xC3;
    public const byte Binary8 = 0xC4;
    public const byte Binary16 = 0xC5;
    public const byte Binary32 = 0xC6;
    public const byte Extension8 = 0xC7;
    public const byte Extension16 = 0xC8;
    public const byte Extension32 = 0xC9;
    public const byte Float32 = 0xCA;
    public const byte Float64 = 0xCB;
    public const byte Unsigned8 = 0xCC;
    public const byte Unsigned16 = 0xCD;
    public const byte Unsigned32 = 0xCE;
    public const byte Unsigned64 = 0xCF;
    public const byte Signed8 = 0xD0;
    public const byte Signed16 = 0xD1;
    public const byte Signed32 = 0xD2;
    public const byte Signed64 = 0xD3;
    public const byte FixExtension1 = 0xD4;
    public const byte FixExtension16 = 0xD8;
    public const byte String8 = 0xD9;
    public const byte String16 = 0xDA;
    public const byte String32 = 0xDB;
    public const byte Array16 = 0xDC;
    public const byte Array32 = 0xDD;
    public const byte Map16 = 0xDE;
    public const byte Map32 = 0xDF;
    public const byte MinNegativeFixInt = 0xE0;

    /// <summary>Items that fit a one-byte array or map header.</summary>
    public const int MaxFixCount = 15;

    /// <summary>Bytes that fit a one-byte text header.</summary>
    public const int MaxFixStringLength = 31;
}
